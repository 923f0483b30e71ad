"""`themes diff`: which releases a change of a theme would move."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from despatch.app import App
from despatch.app.documents import Document, of_archive, saved
from despatch.cli.context import Json, count, example, give, here, moment, out
from despatch.sureness import percent

if TYPE_CHECKING:
    from despatch.app.differences import Difference
    from processors.explain import Explanation

WORDS = 5
"""So many spans of a release are shown to people; --json has all."""


def add_to(themes: typer.Typer) -> None:
    """Add this command."""
    themes.command(
        epilog=example(
            "despatch themes diff migration migration.toml",
            "despatch themes diff housing old/housing.toml --on saved.jsonl.gz --json",
        )
    )(diff)


def diff(
    context: typer.Context,
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="A theme's file, or its name.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="The other one.")],
    on: Annotated[
        Path | None,
        typer.Option(
            help="Saved documents to judge by both. Default: the releases of the archive."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Only releases observed (with --on: dated) from here on."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the releases that belong by one version of a theme and not by the other.

    Each with both scores and the words that made the difference. Nothing is changed anywhere; to
    have the archive judged anew: despatch reclassify.
    """
    from despatch.app.differences import compare, theme_at

    counts: Counter[str] = Counter()
    with here(context).open() as app:
        first, second = theme_at(app, before), theme_at(app, after)
        begin = None if since is None else moment(since)
        documents = _documents(app, on, begin)
        for one in compare(documents, first, second, counts):
            give(_as_json(one)) if as_json else _show(one)
    summary = {"judged": counts["judged"], "gained": counts["gained"], "lost": counts["lost"]}
    if as_json:
        give(summary | {"both": counts["both"]})
        return
    if not counts["judged"]:
        where = f"{on} holds nothing" if on else "The archive holds nothing"
        out.print(f"{where} to judge{' from then on' if since else ''}.", markup=False)
        return
    out.print(
        f"{count(counts['judged'], 'release')} judged by {first.id} {first.stamp} and "
        f"{second.id} {second.stamp}: {counts['gained']} gained, {counts['lost']} lost, "
        f"{counts['both']} belong by both.",
        markup=False,
    )


def _documents(app: App, on: Path | None, since: datetime | None) -> Iterator[Document]:
    if on is None:
        yield from of_archive(app, since)
        return
    for document in saved(on):
        if since is None or (document.published_at is not None and document.published_at >= since):
            yield document


def _show(one: "Difference") -> None:
    mark = "[green]+ gained[/green]" if one.gained else "[red]- lost[/red]"
    before, after = (percent(side.judgement.score) for side in (one.before, one.after))
    title, id_ = escape(one.document.title), escape(one.document.id)
    out.print(f"{mark}  {title}  {before} → {after} sure  [dim]{id_}[/dim]")
    for line in _changed(one):
        out.print(f"    {line}", markup=False)


def _changed(one: "Difference") -> Iterator[str]:
    """Yield, for each version, the spans that it alone counts or that it weighs otherwise."""
    before, after = _spans(one.before), _spans(one.after)
    for name, mine, other in (("before", before, after), ("after", after, before)):
        own = sorted(
            (span for span in mine if other.get(span) != mine[span]),
            key=lambda span: -abs(mine[span]),
        )
        if own:
            words = ", ".join(f"“{span[3]}” {mine[span]:+.2f}" for span in own[:WORDS])
            more = f" and {len(own) - WORDS} more" if len(own) > WORDS else ""
            yield f"{name}: {words}{more}"


def _spans(one: "Explanation") -> dict[tuple[str, int, int, str], float]:
    return {(e.field, e.start, e.end, e.text): e.weight for e in (r.evidence for r in one.reasons)}


def _as_json(one: "Difference") -> dict[str, Any]:
    return {
        "id": one.document.id,
        "title": one.document.title,
        "gained": one.gained,
        "before": _side(one.before),
        "after": _side(one.after),
    }


def _side(one: "Explanation") -> dict[str, Any]:
    return {
        "theme": one.theme.id,
        "version": one.judgement.version,
        "score": one.judgement.score,
        "belongs": one.judgement.belongs,
        "evidence": [
            {**reason.evidence.model_dump(mode="json"), "term": reason.term}
            for reason in one.reasons
        ],
    }
