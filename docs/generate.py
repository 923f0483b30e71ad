"""Writes the part of the reference that is made from the code: settings, commands, and more.

`make docs`. A test compares what stands in docs/ with what this would write.
"""

import io
import json
import re
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from alerts.channels.console import render
from alerts.messages.payload import VERSION, Body
from alerts.subscribe import Wish, subscribe
from despatch.app import App
from despatch.app.rehearsal import rehearsal
from despatch.app.replay import replay_in
from despatch.app.schemas import schema_texts
from despatch.cli import app as command_line
from despatch.filter import of_themes
from despatch.model import DeliveryId, SubscriptionId
from despatch.settings import PREFIX, Settings
from despatch.settings import read as read_settings
from despatch.settings.faults import written
from despatch.topics import topic_specs
from ingest.catalogue import load_catalogue

DOCS = Path(__file__).parent
HOME = "`~/.local/share/despatch`"
"""The only setting without a default of its own: where the user's data is."""
WEBHOOK = f"webhook.v{VERSION}.schema.json"
MADE = "<!-- Made from the code by `make docs`; change it there. -->\n\n"


def texts() -> dict[Path, str]:
    """Return each generated file's path and text."""
    made = {
        DOCS / "reference" / "settings.md": MADE + settings_text(),
        DOCS / "reference" / "cli.md": MADE + commands_text(),
        DOCS / "reference" / "catalogue.md": MADE + catalogue_text(),
    }
    for name, text in schema_texts(topic_specs(())).items():
        made[DOCS / "schemas" / name] = text
    made[DOCS / "schemas" / WEBHOOK] = webhook_schema()
    made[DOCS / "images" / "alert.svg"] = alert_picture()
    return made


def webhook_schema() -> str:
    """Return the JSON Schema of a webhook's body."""
    named = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": WEBHOOK}
    schema = named | Body.model_json_schema(mode="serialization")
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def alert_picture() -> str:
    """Return what `make run` prints, as a picture: the seed release as an alert on the console."""
    with (
        tempfile.TemporaryDirectory() as folder,
        App(read_settings(Path(folder), environ={})) as app,
    ):
        themes = of_themes("migration", "partnerships")
        wish = Wish(filter=themes, urls=(SecretStr("json://nowhere.invalid"),), name="you")
        subscribe(app.store, app.clock, app.senders, wish)
        with rehearsal(app) as stage:
            [heard] = replay_in(stage, DOCS.parent / "seeds").heard
            with stage.store.transaction() as tx:
                [alert] = tx.trace(heard.classified.revision.release.id).alerts
    release = heard.classified.revision.release.model_copy(update={"source": "seeds"})
    revision = heard.classified.revision.model_copy(update={"release": release})
    shown = alert.model_copy(
        update={
            "classified": heard.classified.model_copy(update={"revision": revision}),
            "subscriptions": (SubscriptionId("s-1f2e3d4c"),),
        }
    )
    console = Console(width=100, record=True, file=io.StringIO(), force_terminal=True)
    console.print(render(shown, DeliveryId("y-2412c3085480dc50beef2601"), colour=True))
    picture = console.export_svg(title="make run", unique_id="despatch", theme=MONOKAI)
    # No font is fetched from anywhere: the reader's own monospaced one is as good.
    return re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)


def settings_text() -> str:
    """Return every setting with its default and its sentence."""
    lines = [
        "# Settings\n",
        "In `despatch.toml` in the home folder by name; in the environment as `DESPATCH_<NAME>`; "
        "as a file `despatch_<name>` in the folder that `DESPATCH_SECRETS_DIR` names. The command "
        "line wins over the environment, that over the secrets folder, that over the file. "
        "Lengths of time have a unit: `90s`, `15m`, `24h`, `30d`, `2w`. A name that does not "
        "exist is refused. `despatch settings` shows what is in force.\n",
        "| setting | environment | default | what it means |",
        "|---|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = HOME if field.is_required() else _default(field.default)
        meaning = (field.description or "").replace("|", "\\|")
        lines.append(f"| `{name}` | `{PREFIX}{name.upper()}` | {default or '-'} | {meaning} |")
    return "\n".join(lines) + "\n"


def _default(value: object) -> str:
    """Return a default as it would be written in the file."""
    match value:
        case None | ():
            return ""
        case SecretStr():
            return f"`{value.get_secret_value()}`"
        case timedelta():
            return f"`{written(value)}`"
        case tuple():
            return f"`{', '.join(map(str, value))}`"
        case bool():
            return f"`{str(value).lower()}`"
        case _:
            return f"`{value}`"


def catalogue_text() -> str:
    """Return every feed of the catalogue with where its address was read, and the patterns."""
    known = load_catalogue()
    lines = [
        "# The catalogue of feeds\n",
        "Each can be added by its name, which fetches and shows it first: "
        "`despatch sources add us/state`. Where an address was read and on which day stands beside "
        "it; *never* under *tried* says that nobody has fetched it yet. Terms are what is known of "
        "them, and no advice.\n",
    ]
    lines += ["| name | what | terms | address read in | on | tried |", "|---|---|---|---|---|---|"]
    for one in known.listed():
        if one.name not in known.of_patterns():
            lines.append(
                f"| `{one.name}` | [{one.title}]({one.address}) | {one.licence or 'not known'} "
                f"| {one.read_in} | {one.read_on} | {one.tried_on or 'never'} |"
            )
    for name, pattern in known.patterns():
        lines.append(f"\n## `{name}`\n\n{pattern.note}\n")
        lines.append(
            f"`{pattern.address}`, read on {pattern.read_on} in {pattern.read_in}; "
            f"tried: {pattern.tried_on or 'never'}. Known by name:\n"
        )
        lines += ["| slug | also |", "|---|---|"]
        lines += [f"| `{slug}` | {'; '.join(also)} |" for slug, also in pattern.known.items()]
    return "\n".join(lines) + "\n"


def commands_text() -> str:
    """Return every command with its arguments, options and example."""
    root = typer.main.get_command(command_line)
    lines = ["# Commands\n"]
    _add(lines, root, "despatch")
    return "\n".join(lines) + "\n"


def _add(lines: list[str], command: TyperCommand | TyperGroup, path: str) -> None:
    lines.append(f"## `{path}`\n\n{_plain(command.help or '')}\n")
    rows = [_row(parameter) for parameter in command.params if parameter.name != "help"]
    if rows:
        lines += ["| | |", "|---|---|", *sorted(rows), ""]
    if command.epilog:
        lines.append(_plain(command.epilog, code=True) + "\n")
    for name, child in getattr(command, "commands", {}).items():
        _add(lines, child, f"{path} {name}")


def _row(parameter: TyperArgument | TyperOption) -> str:
    names = ", ".join(f"`{name}`" for name in parameter.opts if name.startswith("-"))
    meaning = _plain(getattr(parameter, "help", None) or "").replace("|", "\\|")
    return f"| {names or f'`{(parameter.name or str()).upper()}`'} | {meaning} |"


def _plain(markup: str, *, code: bool = False) -> str:
    """Return help text without rich's marks; bold ones, the commands, as code if asked."""
    if not code:
        return Text.from_markup(markup).plain
    return markup.replace("[bold]", "`").replace("[/bold]", "`").replace("`\n\n`", "` · `")


def main() -> int:
    """Write what changed and name it."""
    for path, text in texts().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {path.relative_to(DOCS.parent)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
