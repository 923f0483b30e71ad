"""`themes fit`: a theme's weights from labelled releases."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from despatch.cli.context import Json, example, give, here, out
from despatch.errors import NotWritable, UsageError
from despatch.sureness import percent

if TYPE_CHECKING:
    from processors.themes.fitted import Fitted


def add_to(themes: typer.Typer) -> None:
    """Add this command."""
    themes.command(
        epilog=example(
            "despatch themes fit migration --releases releases.jsonl.gz",
            "despatch themes fit housing --labels labels/ --releases saved.jsonl --check",
        )
    )(fit)


def fit(
    context: typer.Context,
    theme: Annotated[str, typer.Argument(help="The theme's name.")],
    releases: Annotated[
        list[Path] | None,
        typer.Option(help="JSONL(.gz) with id, title and text of what is labelled; repeatable."),
    ] = None,
    labelled: Annotated[
        list[Path] | None,
        typer.Option(help="JSONL(.gz) that has a field named like the theme, 0 or 1, as well."),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="Folder with THEME.csv; without it, the labels of Despatch."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 if it would change.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Find a theme's weights from releases that people labelled.

    Writes THEME.fitted.toml beside the theme's file: weights for its terms, words that tell,
    the bias, and the threshold. Scores are then calibrated probabilities. The same input gives the
    same file. Needs the packages of the extra fit (docs/how-to/fit-a-theme.md).
    """
    with here(context).open() as app:
        folder = app.settings.themes_dir
    path, fitted, text = _fitted(theme, folder, releases or [], labelled or [], labels)
    changed = not path.is_file() or path.read_text("utf-8") != text
    if changed and not check:
        try:
            path.write_text(text, "utf-8")
        except OSError as exc:
            raise NotWritable(f"{path} can't be written: {exc.strerror}") from exc
    if as_json:
        give(_figures(fitted) | {"file": str(path), "changed": changed})
    else:
        done = "would change" if check and changed else "written" if changed else "unchanged"
        out.print(f"{_sentence(fitted)}\n{path}: {done}", markup=False)
    if check and changed:
        raise typer.Exit(1)


def _fitted(
    name: str, own: Path | None, releases: list[Path], labelled: list[Path], labels: Path | None
) -> tuple[Path, "Fitted", str]:
    """Return where the fitted file belongs, what was fitted, and the file."""
    try:
        from processors.fitting.fit import Fitting
    except ImportError as exc:
        raise UsageError(
            f"fitting needs {exc.name}, which is not installed: pip install 'despatch[fit]'"
        ) from exc
    from processors.fitting.labels import HERE as OURS
    from processors.fitting.releases import labelled_releases
    from processors.themes import HERE, load_themes
    from processors.themes.fitted import SUFFIX, written

    folder = own if own and (own / f"{name}.toml").is_file() else HERE
    [theme] = load_themes(folder, only=(name,), as_set=True)
    found = labelled_releases((name,), releases, labelled, labels or OURS)
    fitting = Fitting(theme, found)
    seen = [at for at, one in enumerate(fitting.releases) if not one.kept]
    enough = sum(fitting.releases[at].labels[name] for at in seen)
    if min(enough, len(seen) - enough) < FEWEST:
        raise UsageError(
            f"{len(seen)} labelled releases, of which {enough} belong to {name}, are too few: "
            f"label until there are {FEWEST} of either kind"
        )
    fitted = fitting.fit(seen).fitted
    return folder / f"{name}{SUFFIX}", fitted, written(fitted, f"despatch themes fit {name}")


FEWEST = 20


def _figures(fitted: "Fitted") -> dict[str, object]:
    return {
        "theme": fitted.id,
        "labels": fitted.labels,
        "belong": fitted.belong,
        "threshold": fitted.threshold,
        "bias": fitted.bias,
        "terms": len(fitted.terms),
        "words": len(fitted.words),
    }


def _sentence(fitted: "Fitted") -> str:
    return (
        f"{fitted.id}: fitted to {fitted.labels} labelled releases, of which {fitted.belong} "
        f"belong; {len(fitted.terms)} terms weighed, {len(fitted.words)} words found; "
        f"a release belongs from {percent(fitted.threshold)} sure on."
    )
