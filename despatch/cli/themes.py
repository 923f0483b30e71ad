"""`themes`: the list, one of them, a new one, its examples, a fitting, what a change would do."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from despatch.app import App
from despatch.app.home import make_home
from despatch.cli import fitting, theme_diff
from despatch.cli.context import Json, complain, count, example, give, here, out
from despatch.errors import NotWritable, UsageError
from despatch.sureness import percent

if TYPE_CHECKING:
    from processors.examples import Tried
    from processors.themes import Theme
    from processors.themes.terms import Term

PLACES = ("title", "lead", "body", "quote")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    themes = typer.Typer(
        name="themes",
        no_args_is_help=True,
        help="List themes, look into one, make your own, and try what a change would do.",
        epilog=example("despatch themes list"),
    )
    themes.command("list", epilog=example("despatch themes list --json"))(_list)
    themes.command(epilog=example("despatch themes show migration"))(show)
    themes.command(epilog=example("despatch themes new housing"))(new)
    themes.command("test", epilog=example("despatch themes test housing", "despatch themes test"))(
        try_
    )
    theme_diff.add_to(themes)
    fitting.add_to(themes)
    app.add_typer(themes, rich_help_panel="Analysts")


def _list(context: typer.Context, as_json: Json = False) -> None:
    """List the themes: built in, your own, and those whose file is refused.

    Exits with 1 if a file is refused; the others go on.
    """
    with here(context).open() as app:
        loaded, folder = app.loaded_themes, app.themes_folder
        rows = [(theme, _whose(app, theme)) for theme in app.themes]
    if as_json:
        for theme, whose in rows:
            give(_as_json(theme) | {"from": whose, "file": str(loaded.files[theme.id])})
        for name, fault in loaded.faults.items():
            give({"theme": name, "refused": fault})
    else:
        table = Table("theme", "title", "version", "terms", "examples", "from", box=None)
        for theme, whose in rows:
            examples = len(theme.examples.matching) + len(theme.examples.missing)
            table.add_row(
                theme.id + (" (experimental)" if theme.experimental else ""),
                escape(theme.title),
                theme.stamp,
                str(len(theme.terms)),
                str(examples),
                whose,
            )
        out.print(table)
        out.print(f"Your own go into {folder}: despatch themes new NAME", markup=False)
        for name, fault in loaded.faults.items():
            out.print(f"[red]Refused:[/red] {escape(name)}: {escape(fault)}")
    if loaded.faults:
        raise typer.Exit(1)


def _whose(app: App, theme: "Theme") -> str:
    from processors.themes import HERE

    file = app.loaded_themes.files[theme.id]
    if file.parent == HERE:
        return "built in"
    return "your own" if not (HERE / file.name).exists() else "your own, for the one built in"


def show(
    context: typer.Context,
    theme: Annotated[str, typer.Argument(help="The theme's name.")],
    as_json: Json = False,
) -> None:
    """Show a theme: what it says, its terms with their weights, and where its file is."""
    with here(context).open() as app:
        [found] = app.chosen_themes([theme])
        file = app.loaded_themes.files[found.id]
    if as_json:
        give(_as_json(found) | {"file": str(file), **found.model_dump(mode="json")})
        return
    mark = " (experimental)" if found.experimental else ""
    out.print(f"[bold]{escape(found.title)}[/bold]{mark}  version {found.stamp}")
    out.print(f"{escape(found.description)}\nFile: {escape(str(file))}")
    out.print(
        f"It begins at {found.bias:+.2f}; a release belongs from {found.log_odds_threshold:+.2f} "
        f"on, {percent(found.threshold)} sure."
    )
    quoted = any(term.weights.quote is not None for term in found.terms)
    places = PLACES if quoted else PLACES[:-1]
    table = Table("term", *places, "patterns", box=None)
    for term in found.terms:
        patterns = ", ".join(term.patterns[:4]) + (", …" if len(term.patterns) > 4 else "")
        table.add_row(
            escape(term.name), *(_weight(term, place) for place in places), escape(patterns)
        )
    out.print(table)
    if found.exclusions:
        out.print(f"Looks like it and is not: {', '.join(found.exclusions)}", markup=False)


def _weight(term: "Term", place: str) -> str:
    """Return what a match there adds, and how many count: `+1.50 × 2`; empty for nothing."""
    weight, most = getattr(term.weights, place), getattr(term.most, place) or 1
    if weight is None or not (weight or place == "quote"):
        return ""
    return f"{weight:+.2f}" + (f" × {most}" if most > 1 else "")


def new(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(help="Its name: small letters, digits and -, such as social-care.")
    ],
    as_json: Json = False,
) -> None:
    """Make a theme of your own: a file that explains itself, valid at once, to be filled in."""
    from processors.starting import new_theme

    text = new_theme(name)
    with here(context).open() as app:
        folder, built_in = app.themes_folder, app.loaded_themes.files if _exists(app) else {}
        if name in built_in and built_in[name].parent != folder:
            raise UsageError(
                f"the theme {name!r} is built in: choose another name, or copy "
                f"{built_in[name]} into {folder} to have your own in its place"
            )
        file = _write(app, folder, name, text)
    if as_json:
        give({"theme": name, "file": str(file)})
        return
    out.print(f"Made: {file}", markup=False)
    out.print("It says itself what each part is. Open it in any editor, then:", markup=False)
    out.print(f"  despatch themes test {name}", markup=False)


def _exists(app: App) -> bool:
    return app.settings.themes_dir is None or app.settings.themes_dir.is_dir()


def _write(app: App, folder: Path, name: str, text: str) -> Path:
    file = folder / f"{name}.toml"
    try:
        if app.settings.themes_dir is None:
            make_home(app.settings.home)
        folder.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError as exc:
        raise UsageError(
            f"{file} is there already: it stays as it is; open it, or delete it"
        ) from exc
    except OSError as exc:
        raise NotWritable(f"{file} can't be written: {exc.strerror}") from exc
    return file


def try_(
    context: typer.Context,
    theme: Annotated[
        list[str] | None, typer.Argument(help="Themes to try; all if none is named.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Try a theme's own examples: does it find what it must, and leave what it must?

    Each that fails shows the words that made it so. Exits with 1 if one fails, or if a theme has
    no example.
    """
    from processors.examples import try_examples

    with here(context).open() as app:
        chosen = app.chosen_themes(theme or (), experimental=not theme)
        faults = () if theme else app.loaded_themes.faults.values()
    failed = False
    for one in chosen:
        tried = list(try_examples(one))
        failed = failed or not tried or not all(each.passed for each in tried)
        if as_json:
            for each in tried:
                give(_tried_json(one, each))
        else:
            _show_tried(one, tried, in_full=bool(theme))
    for fault in faults:
        complain(fault)
    if failed or faults:
        raise typer.Exit(1)


def _show_tried(theme: "Theme", tried: "list[Tried]", *, in_full: bool) -> None:
    for each in tried:
        if in_full or not each.passed:
            wanted = "must match" if each.kind == "matching" else "must be left"
            mark = "[green]✓[/green]" if each.passed else "[red]✗ FAILS[/red]"
            title = each.example.title or each.example.text[:60]
            out.print(f"{mark} {wanted}: {escape(title)}")
            out.print(f"    {each.why}", markup=False)
    passed = sum(each.passed for each in tried)
    if not tried:
        out.print(
            f"{theme.id}: it has no example yet: write some under [[examples.matching]]",
            markup=False,
        )
    else:
        out.print(f"{theme.id}: {passed} of {count(len(tried), 'example')} pass", markup=False)


def _tried_json(theme: "Theme", each: "Tried") -> dict[str, Any]:
    found = each.explanation
    return {
        "theme": theme.id,
        "kind": each.kind,
        "number": each.number,
        "title": each.example.title,
        "text": each.example.text,
        "passed": each.passed,
        "score": found.judgement.score,
        "margin": found.margin,
        "evidence": [
            {**reason.evidence.model_dump(mode="json"), "term": reason.term}
            for reason in found.reasons
        ],
    }


def _as_json(theme: "Theme") -> dict[str, Any]:
    return {
        "theme": theme.id,
        "title": theme.title,
        "version": theme.stamp,
        "experimental": theme.experimental,
        "terms": len(theme.terms),
        "examples": len(theme.examples.matching) + len(theme.examples.missing),
    }
