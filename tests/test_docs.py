"""Documents say what the code does: links, commands, tables, examples."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, get_args

import pytest
import typer

from alerts.messages import Messages
from alerts.messages.specimens import specimens
from despatch.app.export import columns
from despatch.cli import app
from despatch.dead_letters import dead_headers
from despatch.errors import DespatchError
from despatch.model import MAX_TEXT_CHARS, Cause, DeadLetter, DeliveryId, Linked
from despatch.ports import POLLS_KEPT
from despatch.settings import Settings
from despatch.testing.releases import a_classified
from despatch.topics import MAX_MESSAGE_BYTES, PARTITIONS, RETENTION, topic_specs
from ingest.hints import MOMENTS
from ingest.moved import BELIEVED_AFTER, BELIEVED_TIMES
from ingest.schedule import BUSIEST, LONGEST, LONGEST_ASKED, LOOKS, QUIETEST, SHORTEST
from processors.classify import classify
from processors.themes import load_themes

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
EVERY = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())

LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
RUN = re.compile(r"docker compose run --rm (?:-v \S+ )?(?=despatch)")


@EVERY
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(FENCE.sub("", page.read_text())):
        target, _, part = link.partition("#")
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        file = page if not target else page.parent / target
        assert file.exists(), f"{link} leads nowhere"
        if part:
            assert part in _headings(file), f"{link}: there is no such heading"


def test_the_index_leads_to_every_page() -> None:
    listed = {(DOCS / link).resolve() for link in LINK.findall((DOCS / "README.md").read_text())}
    assert {page for page in DOCS.rglob("*.md") if page.name != "README.md"} <= listed


def test_the_times_of_the_schedule_are_those_of_the_code() -> None:
    page = " ".join(_text("reference/schedule.md").split())
    minute, hour = timedelta(minutes=1), timedelta(hours=1)

    for said in (
        f"never under {SHORTEST // minute} minutes",
        f"after 429 or 503 | seconds or a date | {LONGEST_ASKED // hour} hours",
        f"each doubles the source's own pause | {LONGEST // hour} hours",
        f"{Settings.model_fields['poll_every'].default // minute} minutes unless you say otherwise",
        f"After {BELIEVED_TIMES} polls over at least a day",
        f"The last {POLLS_KEPT} polls",
    ):
        assert said in page
    assert timedelta(days=1) == BELIEVED_AFTER
    assert (LOOKS, MOMENTS, BUSIEST, QUIETEST) == (10, 10, 1 / 3, 4), "a tenth of the usual gap"


@EVERY
def test_no_page_names_a_folder_of_the_machine_it_was_written_on(page: Path) -> None:
    assert not re.findall(r"(?<![\w.])/(?:root|work|farm|home/\w+)\b", page.read_text())


@EVERY
def test_every_command_that_is_shown_can_be_given(page: Path) -> None:
    text = page.read_text()
    for line in _shown_lines(text):
        _parse(line, whole=True)
    for line in SPAN.findall(FENCE.sub("", text)):
        if re.match(r"despatch [a-z-]", line) and "…" not in line:
            _parse(line, whole=False)


def test_a_command_that_does_not_exist_is_found() -> None:
    """Else the test above could not fail."""
    with pytest.raises(AssertionError, match="subscribed"):
        _parse("despatch subscribed --theme migration", whole=True)
    with pytest.raises(AssertionError, match="--subject"):
        _parse("despatch subscribe --subject migration", whole=False)
    with pytest.raises(AssertionError, match="subscription"):
        _parse("despatch subscriptions show", whole=True)


def test_the_exit_codes_are_those_of_the_errors() -> None:
    rows = re.findall(r"^\| (\d+) \| ([^|]*)\|", _text("reference/exit-codes.md"), re.MULTILINE)
    told = {name: int(code) for code, names in rows for name in re.findall(r"`(\w+)`", names)}
    assert told == {error.__name__: error.exit_code for error in _tree(DespatchError)}


def test_the_table_of_revisions_has_a_row_for_each_cause() -> None:
    table = re.findall(r"^\| .* \| `?(\w+)`? \| ", _text("reference/revisions.md"), re.MULTILINE)
    assert {*table} - {"cause"} == {*get_args(Cause), "none"}


def test_the_columns_of_an_export_are_those_that_are_written() -> None:
    told = re.findall(r"^\| `(\w+)` \|", _text("reference/export.md"), re.MULTILINE)
    assert told == list(columns(text=True))


def test_the_headers_of_a_dead_letter_are_those_that_are_written() -> None:
    letter = DeadLetter(
        id="d",
        stage="processors",
        failed_at=datetime(2026, 3, 2, tzinfo=UTC),
        error="PermanentError",
        reason="why",
        tries=1,
        topic="t",
        partition=0,
        offset=0,
    )
    told = re.findall(r"^\| `(despatch-dead-[\w-]+)`", _text("reference/topics.md"), re.MULTILINE)
    assert told == [name for name, _value in dead_headers(letter)]


def test_the_figures_of_the_topics_are_those_of_the_code() -> None:
    text = _text("reference/topics.md")
    assert f"{MAX_MESSAGE_BYTES:,} bytes" in text
    assert f"{MAX_TEXT_CHARS:,} characters" in text
    assert f"`partitions` ({PARTITIONS})" in text
    assert f"`retention` ({RETENTION.days} days)" in text
    named = re.findall(r"^\| `(despatch\.[\w.<>]+)`", text, re.MULTILINE)
    theme = load_themes()[0].id
    assert [name.replace("<id>", theme) for name in named] == [
        spec.name for spec in topic_specs([theme])
    ]


def test_the_body_of_a_webhook_has_the_fields_that_are_told() -> None:
    (_, example), *_ = FENCE.findall(_text("reference/webhook.md"))
    revised = specimens()["revised"]
    assert revised.classified
    alert = revised.model_copy(
        update={
            "also": (Linked(title="Somebody"),),
            "classified": revised.classified.model_copy(update={"facts": None}),
        }
    )
    assert _shape(json.loads(example)) == _shape(
        json.loads(Messages().encoded(alert, DeliveryId("d")))
    )


def test_every_test_that_holds_a_promise_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", _text("explanation/promises.md"))
    assert named
    for file, function in named:
        assert f"def {function}(" in (ROOT / file).read_text(), f"{file}::{function}"


def test_the_example_of_a_theme_does_what_it_says(tmp_path: Path) -> None:
    (_, example), *_ = [f for f in FENCE.findall(_text("how-to/add-a-theme.md")) if f[0] == "toml"]
    (tmp_path / "housing.toml").write_text(example)
    (theme,) = load_themes(tmp_path)
    for wanted, examples in ((1, theme.examples.matching), (0, theme.examples.missing)):
        assert examples
        for one in examples:
            release = a_classified().revision.release.model_copy(
                update={"title": one.title, "text": one.text}
            )
            assert len(classify(release, (theme,))) == wanted, one.title


@pytest.mark.e2e
@pytest.mark.slow
def test_the_tutorial_can_be_followed(tmp_path: Path) -> None:
    """Step by step, save what installs, what needs the Internet and what runs until Ctrl-C."""
    left_out = re.compile(r"^(make|\. |export |despatch (up|status|sources add .*))", re.MULTILINE)
    said = ""
    for _language, block in (f for f in FENCE.findall(_text("tutorial.md")) if f[0] == "sh"):
        lines = [line for line in block.splitlines() if not left_out.match(line)]
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join(lines)],
            cwd=ROOT,
            env={
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "DESPATCH_HOME": str(tmp_path / "home"),
                "COLUMNS": "100",
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{block}: {done.stderr}"
        said += done.stdout
    for shown in (
        '"text":"Small boats"',
        "delivered: printed",
        "1 alert would be sent",
        "Nothing new",
    ):
        assert shown in said
    assert said.count("Why ") == 2, "one test alert and one real one, and no third"


@pytest.mark.e2e
@pytest.mark.slow
def test_the_tutorial_of_themes_shows_what_its_commands_say(tmp_path: Path) -> None:
    """Block by block, from nothing; `…` stands for what differs each time."""
    home = tmp_path / "despatch"
    said = ""
    for language, block in FENCE.findall(_text("tutorial/your-own-theme.md")):
        if language == "text":
            shown = ".*".join(re.escape(part) for part in block.strip().split("…"))
            assert re.fullmatch(shown, said.replace(str(home), "~/despatch").strip(), re.DOTALL)
            said = ""
            continue
        done = subprocess.run(
            ["bash", "-c", block],
            cwd=tmp_path,
            env={
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "DESPATCH_HOME": str(home),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        said += done.stdout


def _text(name: str) -> str:
    return (DOCS / name).read_text()


def _headings(page: Path) -> set[str]:
    """Return the page's headings as links name them: `what-is-not-promised`."""
    found = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one).strip().lower().replace(" ", "-") for one in found}


def _shown_lines(text: str) -> Iterator[str]:
    """Yield the commands of despatch in the blocks of a page, one a line."""
    for _language, block in FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            plain = RUN.sub("", line.strip().removeprefix("$ "))
            if re.match(r"despatch( |$)", plain):
                yield plain


def _parse(line: str, *, whole: bool) -> None:
    """Read a command line without running it; if it is not the `whole`, arguments may lack."""
    words = shlex.split(re.split(r" [|>&] ?", line)[0], comments=True)[1:]
    if not words or "COMMAND" in words:
        return
    command: Any = typer.main.get_command(app)
    context: Any = None
    name = "despatch"
    try:
        while True:
            context = command.make_context(name, list(words), parent=context)
            rest = [*context._protected_args, *context.args]
            if not rest or not hasattr(command, "commands"):
                return
            name, command, words = command.resolve_command(context, rest)
    except typer.Exit:
        return  # --help, --version
    except typer.TyperException as exc:
        if whole or type(exc).__name__ not in {"MissingParameter", "NoArgsIsHelpError"}:
            raise AssertionError(f"{line}: {exc.format_message()}") from exc


def _tree(error: type[DespatchError]) -> Iterator[type[DespatchError]]:
    """Yield an error's class and all that are of its kind, of despatch/errors.py alone."""
    if error.__module__ == DespatchError.__module__:
        yield error
    yield from chain.from_iterable(_tree(child) for child in error.__subclasses__())


def _shape(value: Any) -> Any:
    """Return a JSON value's fields without what they hold; of a list, its first item's."""
    if isinstance(value, dict):
        return {name: _shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_shape(value[0])] if value and isinstance(value[0], dict) else []
    return None
