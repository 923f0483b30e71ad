"""`explain`: why a release belongs to a theme, or does not, word by word."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from despatch.app.documents import Document, named
from despatch.cli.context import Json, count, example, give, here, out
from despatch.errors import PermanentError
from despatch.sureness import percent

if TYPE_CHECKING:
    from processors.explain import Explanation, Reason

SHOWN = 10
"""So many spans are listed by weight to people; --json has all."""


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command(
        "explain",
        rich_help_panel="Analysts",
        epilog=example(
            "despatch explain r-5f2d81 --theme migration",
            "despatch explain release.txt",
            "despatch explain saved.jsonl:12 --json",
        ),
    )(_explain)


def _explain(
    context: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="FILE|ID",
            help="A saved document, JSONL(.gz), one line of it as FILE:LINE; or a release's id or "
            "the start of it, its address, or its entry.",
        ),
    ],
    theme: Annotated[
        list[str] | None,
        typer.Option(help="Only this theme; can be given several times. Default: each with a say."),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="The whole text; else its paragraphs with a span.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Explain a decision: the text with the words that made it, for and against.

    Bias and weights add up to the log-odds, which are the score. Each span shows its weight, and
    the last lines say what would have to go, or how much is missing, for the decision to turn.
    """
    from processors.classify import classifier
    from processors.explain import explain
    from processors.language import language_of_release

    with here(context).open() as app:
        themes = app.chosen_themes(theme or (), experimental=not theme)
        ready = classifier(themes)
        some = False
        for document in named(app, what):
            some = True
            judged = ready.judge(document.title, document.text)
            found = [explain(one, by) for one, by in zip(judged, themes, strict=True)]
            language = language_of_release(document.title, document.text, document.language)
            if as_json:
                give(_as_json(document, found, language))
            else:
                _show(document, found, language, everything=bool(theme), whole=whole)
    if not some:
        raise PermanentError(f"{what} holds no document")


def _show(
    document: Document,
    found: "list[Explanation]",
    language: str,
    *,
    everything: bool,
    whole: bool,
) -> None:
    date = f"  {document.published_at:%Y-%m-%d}" if document.published_at else ""
    out.print(Text(f"{document.id}{date}", style="dim"))
    silent = [one for one in found if not one.reasons and not everything]
    for one in found:
        if one not in silent:
            _show_theme(document, one, language, whole=whole)
    if silent:
        names = ", ".join(str(one.theme.id) for one in silent)
        out.print(f"No word of these themes stands in it: {names}\n", markup=False)


def _show_theme(document: Document, one: "Explanation", language: str, *, whole: bool) -> None:
    belongs = _belongs(one, language)
    verdict = "belongs to" if belongs else "does not belong to"
    mark = " (experimental)" if one.theme.experimental else ""
    style = "bold green" if belongs else "bold red"
    out.print(Text(f"\nIt {verdict} {one.theme.id}{mark}", style=style))
    if not one.theme.reads(language):
        reads = ", ".join(one.theme.languages)
        out.print(
            f"It is in {language}, which the theme does not read: it reads {reads}. "
            "Its words would say this:",
            markup=False,
        )
    out.print(_marked(document.title, "title", one), style="bold")
    for paragraph in _paragraphs(document.text, one, whole=whole):
        out.print(paragraph)
    out.print()
    for line in (_sum(one), *_listed(one), _turn(one)):
        out.print(line, markup=False)
    out.print()


def _belongs(one: "Explanation", language: str) -> bool:
    return one.judgement.belongs and one.theme.reads(language)


def _marked(text: str, field: str, one: "Explanation", offset: int = 0) -> Text:
    """Return a text with its spans in brackets, with their weights, coloured by them."""
    marked = Text()
    at = 0
    for reason in one.reasons:
        start, end = reason.evidence.start - offset, reason.evidence.end - offset
        if reason.evidence.field != field or start < at or end > len(text):
            continue
        marked.append(text[at:start])
        marked.append(f"[{text[start:end]} {reason.evidence.weight:+.2f}]", style=_style(reason))
        at = end
    marked.append(text[at:])
    return marked


def _style(reason: "Reason") -> str:
    """Return green for what speaks for it, red for what speaks against, the stronger the bolder."""
    weight = reason.evidence.weight
    strength = "bold " if abs(weight) >= 1 else ""
    return f"{strength}{'green' if weight > 0 else 'red'}"


def _paragraphs(text: str, one: "Explanation", *, whole: bool) -> Iterator[Text]:
    spans = [r.evidence for r in one.reasons if r.evidence.field == "text"]
    at = skipped = 0
    for paragraph in text.split("\n\n"):
        end = at + len(paragraph)
        if whole or any(at <= span.start < end for span in spans):
            if skipped:
                yield _left_out(skipped)
            skipped = 0
            yield _marked(paragraph, "text", one, at)
        else:
            skipped += 1
        at = end + 2
    if skipped and text.strip():
        yield _left_out(skipped)


def _left_out(number: int) -> Text:
    return Text(f"… {count(number, 'paragraph')} without a span (--whole shows all)", style="dim")


def _sum(one: "Explanation") -> str:
    weights = sum(reason.evidence.weight for reason in one.reasons)
    sign = "+" if weights >= 0 else "-"
    return (
        f"Sum: bias {one.judgement.bias:+.2f} {sign} {abs(weights):.2f} "
        f"of {_spans(len(one.reasons))} = log-odds {one.judgement.log_odds:+.2f}, "
        f"{percent(one.judgement.score)} sure; "
        f"it belongs from {one.threshold:+.2f} on, {percent(one.theme.threshold)} sure"
    )


def _spans(number: int) -> str:
    return count(number, "span")


def _listed(one: "Explanation") -> Iterator[str]:
    heaviest = sorted(one.reasons, key=lambda reason: -reason.evidence.weight)
    speaking = [reason for reason in heaviest if reason.evidence.weight > 0]
    if speaking:
        yield f"For it: {_words(speaking)}"
    yield f"Against it: {_words(one.against)}" if one.against else "Against it: nothing"


def _words(reasons: "list[Reason] | tuple[Reason, ...]") -> str:
    shown = ", ".join(
        f"“{reason.evidence.text}” {reason.evidence.weight:+.2f} ({reason.term})"
        for reason in reasons[:SHOWN]
    )
    return shown if len(reasons) <= SHOWN else f"{shown} and {len(reasons) - SHOWN} more"


def _turn(one: "Explanation") -> str:
    """Say how far the decision was from being the other one."""
    words = ", ".join(f"“{reason.evidence.text}”" for reason in one.turning)
    if one.judgement.belongs:
        if not one.turning:
            return f"To turn: {one.margin:.2f} would have to go, more than all its spans weigh"
        return (
            f"To turn: {one.margin:.2f} above the threshold; it would not belong without "
            f"{_spans(len(one.turning))}: {words}"
        )
    missing = f"To turn: {-one.margin:.2f} is missing"
    if one.turning:
        return f"{missing}; it would belong without what speaks against it: {words}"
    return missing


def _as_json(document: Document, found: "list[Explanation]", language: str) -> dict[str, Any]:
    return {
        "id": document.id,
        "title": document.title,
        "language": language,
        "themes": [
            {
                "theme": one.theme.id,
                "version": one.judgement.version,
                "experimental": one.theme.experimental,
                "belongs": _belongs(one, language),
                "score": one.judgement.score,
                "bias": one.judgement.bias,
                "log_odds": one.judgement.log_odds,
                "threshold": one.threshold,
                "margin": one.margin,
                "evidence": [_reason(reason) for reason in one.reasons],
                "turning": [_reason(reason) for reason in one.turning],
            }
            for one in found
        ],
    }


def _reason(reason: "Reason") -> dict[str, Any]:
    return {**reason.evidence.model_dump(mode="json"), "term": reason.term}
