"""`sources add`: a feed is found, looked at, and added."""

import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.markup import escape

from despatch.app import App
from despatch.app.adding import (
    Wanted,
    add_source,
    look_at,
    wanted,
)
from despatch.app.running import others_running
from despatch.cli.choosing import choose, which
from despatch.cli.context import Json, ago, count, err, example, give, here, out
from despatch.errors import PermanentError, TransientError, UsageError

if TYPE_CHECKING:
    from ingest.catalogue import Listed
    from ingest.preview import Preview
    from ingest.probe import Feed

_READ_IT = "Read it now: despatch poll --once. From now on: despatch up"


def add_to(sources: typer.Typer) -> None:
    """Add this command."""
    sources.command(
        epilog=example(
            "despatch sources add gov.uk/home-office",
            "despatch sources add https://www.gov.uk/search/news-and-communications --name govuk",
        )
    )(add)


def add(
    context: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="URL|PAGE|NAME",
            help="A feed's address (RSS, Atom, RDF), a page that names feeds, or a name of the "
            "catalogue.",
        ),
    ],
    name: Annotated[
        str | None, typer.Option(help="What to call it; default: made from its address.")
    ] = None,
    title: Annotated[
        str | None,
        typer.Option(
            help="What messages call it; default: what the feed calls itself, as it is read."
        ),
    ] = None,
    full_text: Annotated[
        Literal["none", "page", "govuk"] | None,
        typer.Option(
            help="How the documents behind its entries are read: not at all, as pages, or through "
            "GOV.UK's Content API. Default: govuk for a feed of www.gov.uk, else none."
        ),
    ] = None,
    complete_later: Annotated[
        bool | None,
        typer.Option(
            "--complete-later/--no-complete-later",
            help="Whether a document that could not be read in time is read later, and its "
            "release completed. Default: it is.",
        ),
    ] = None,
    page_parameter: Annotated[
        str | None,
        typer.Option(
            metavar="WORD",
            help="What in its address asks for an older page when something may have been missed: "
            "`paged` for WordPress. Default: page for GOV.UK's finders, else none.",
        ),
    ] = None,
    search_api: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="A GOV.UK search API that lists what it shows; a query in it is the filter. "
            "Default: GOV.UK's own for its feeds, else none.",
        ),
    ] = None,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", "--first", "-y", help="Ask nothing; of several feeds of a page, the first."
        ),
    ] = False,
    preview: Annotated[
        bool,
        typer.Option(
            "--preview/--no-preview",
            help="Look at it first; without, it must be a feed's own address.",
        ),
    ] = True,
    as_json: Json = False,
) -> None:
    """Add a feed, found by its address, on a page, or in the catalogue; shows it first.

    What it holds at first contact, dated before now, is kept but not told.
    """
    chosen = {
        "title": title,
        "full_text": full_text,
        "complete_later": complete_later,
        "page_parameter": page_parameter,
        "search_api": search_api,
    }
    asked = wanted(what, name).with_settings(
        {setting: value for setting, value in chosen.items() if value is not None}
    )
    ask = sys.stdin.isatty() and not yes and not as_json
    with here(context).open() as app:
        shown = None
        if preview:
            asked, feed = _found(
                app, asked, named=name is not None, first=yes, ask=ask, json=as_json
            )
            shown = _preview(app, feed)
            if shown.ended:
                raise UsageError(f"{asked.address} says that it has ended; look for its successor")
            if not as_json:
                _show(shown, asked, app)
            if ask and not typer.confirm(f"Add it as {asked.id}?", default=True, err=True):
                err.print("Nothing is added.")
                return
        added = add_source(app, asked, answers_from=shown.address if shown else None)
        polled = others_running(app, ("ingest",))
    if as_json:
        given = {"source": added.source.id, "added": added.new, "address": asked.address}
        give(given | ({"preview": _preview_json(shown)} if shown else {}))
    elif added.new:
        next_ = "The poller that runs reads it now" if polled else _READ_IT
        out.print(f"Added {escape(added.source.id)}. {next_}")
    elif added.source.state == "active":
        out.print(f"It was added before, as {escape(added.source.id)}; nothing is changed.")
    else:
        id_ = escape(added.source.id)
        state = added.source.state
        out.print(f"It was added before, as {id_}, and is {state}: despatch sources resume {id_}")


def _found(
    app: App, asked: Wanted, *, named: bool, first: bool, ask: bool, json: bool
) -> "tuple[Wanted, Feed]":
    """Return the feed that is meant, once it has answered: the address's or one of its page."""
    from ingest.probe import Feed

    try:
        seen = look_at(app, asked.address)
    except (PermanentError, TransientError) as exc:
        if not str(exc).startswith("blocked address"):  # which names the way out itself
            exc.args = (f"{exc}; {_way_out(asked, exc)}",)
        raise
    if isinstance(seen, Feed):
        return asked, seen
    if json and len(seen) > 1 and not first:
        for one in seen:
            give({"found": one.address, "title": one.title, "how": one.how})
    chosen = choose(asked.address, seen, first=first, ask=which if ask else None)
    feed = look_at(app, chosen.address)
    if not isinstance(feed, Feed):
        raise PermanentError(f"no feed: {asked.address} names {chosen.address}, which is none")
    return asked.at(chosen.address, named=named), feed


def _way_out(asked: Wanted, exc: Exception) -> str:
    if asked.listed is not None:
        from ingest.catalogue import load_catalogue

        near = load_catalogue().nearest(asked.listed.name) if not asked.listed.certain else None
        if near and str(exc).startswith("http 4"):
            return f"did you mean {near}?"
        return f"the catalogue's address was read in {asked.listed.read_in} and is not tried"
    if isinstance(exc, TransientError):
        return "try again, or add it unseen: --no-preview"
    return "see: despatch sources check URL"


def _preview(app: App, feed: "Feed") -> "Preview":
    from ingest.preview import preview_of

    return preview_of(feed.parsed, feed.answer, app.clock.now())


def _show(preview: "Preview", asked: Wanted, app: App) -> None:
    from ingest.preview import date_of, often

    now = app.clock.now()
    out.print(f"[bold]{escape(preview.title or '(without a title)')}[/bold]", preview.format)
    moved = "" if preview.address == asked.address else f", which answers from {preview.address}"
    out.print(f"{asked.address}{moved}", markup=False)
    newest = f", the newest {ago(preview.newest_at, now)}" if preview.newest_at else ""
    out.print(f"{count(preview.entries, 'release')}{newest}; {often(preview.pause)}")
    if preview.empty:
        out.print(f"{preview.empty} without title and text are left out")
    sent = [
        words
        for words, value in (
            ("an ETag", preview.validators.etag),
            ("a Last-Modified", preview.validators.last_modified),
        )
        if value
    ]
    out.print(
        f"Sends {' and '.join(sent)}: an unchanged feed costs next to nothing"
        if sent
        else "Sends neither ETag nor Last-Modified: it is read whole each time"
    )
    out.print(f"Full text: {_full_text(asked)}")
    for entry in preview.newest:
        at = date_of(entry)
        day = f"{at:%Y-%m-%d %H:%M}" if at else "no date"
        out.print(f"  {day:16}  {entry.title}", markup=False, no_wrap=True, overflow="ellipsis")
    if asked.listed is not None:
        out.print(f"Catalogue: {_origin(asked.listed)}", markup=False)


def _full_text(asked: Wanted) -> str:
    """Return in words how the documents behind its entries will be read."""
    from ingest.sources import open_settings

    wanted = open_settings(asked.kind, {**asked.settings, "address": asked.address}).in_full
    if wanted is None:
        return "what the feed gives is all; --full-text page reads the pages behind it"
    if wanted.read_as == "govuk":
        return "from GOV.UK's Content API"
    return "from the pages behind it"


def _origin(listed: "Listed") -> str:
    """Return where an address of the catalogue comes from, and what is known of the terms."""
    tried = f"tried {listed.tried_on}" if listed.tried_on else "never tried"
    return (
        f"address read {listed.read_on} in {listed.read_in}; {tried}. "
        f"Terms: {listed.licence or 'not known; ask the publisher'}."
        + (f" {listed.note}" if listed.note else "")
    )


def _preview_json(preview: "Preview") -> dict[str, Any]:
    from ingest.preview import date_of

    return {
        "address": preview.address,
        "title": preview.title,
        "format": preview.format,
        "entries": preview.entries,
        "empty": preview.empty,
        "newest_at": preview.newest_at,
        "pause_s": preview.pause,
        "etag": preview.validators.etag,
        "last_modified": preview.validators.last_modified,
        "ended": preview.ended,
        "newest": [
            {"title": entry.title, "at": date_of(entry), "address": entry.address}
            for entry in preview.newest
        ],
    }
