"""`match`: plain subscriptions against plain releases, from files, and how fast it went."""

import resource
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from despatch.cli.context import complain, err, example, give
from despatch.cli.reading import STANDARD_INPUT, lines_of
from despatch.errors import PermanentError, UsageError

if TYPE_CHECKING:
    from alerts.plain_match import PlainMatcher


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command(
        rich_help_panel="Analysts",
        epilog=example(
            "despatch match subscriptions.jsonl releases.jsonl",
            "zcat releases.jsonl.gz | despatch match --ids subscriptions.jsonl -",
        ),
    )(match)


def match(
    subscriptions: Annotated[
        str, typer.Argument(metavar="SUBSCRIPTIONS", help="JSONL(.gz), a subscription a line.")
    ],
    releases: Annotated[
        str,
        typer.Argument(
            metavar="RELEASES", help="JSONL(.gz), a release a line; - is standard input."
        ),
    ],
    ids: Annotated[
        bool, typer.Option("--ids", help="List the subscriptions that match, not only how many.")
    ] = False,
) -> None:
    """Say which subscriptions releases match: any within a field, and all fields.

    A subscription is {"id", "themes", "countries", "organisations", "keywords", "not_keywords"},
    each but the id a list that may be left out: anything goes there. A release is {"id", "themes",
    "countries", "organisations", "text"}. Values need not be known to Despatch. Keywords are whole
    words in the lower-cased text; docs/reference/match.md says what that is.

    Writes JSONL: {"id", "matched": N} for each release, with --ids also "ids"; and last
    {"subscriptions", "build_s", "ms_per_release", "peak_rss_mib"}. A line that can't be read is
    named on standard error and left out, the rest goes on, and the exit code is 65.
    """
    if subscriptions == releases == STANDARD_INPUT:
        raise UsageError("standard input can be one of the two: give the other as a file")
    from alerts.plain_lines import read_subscriptions

    bad = _Bad()
    began = time.perf_counter()
    with err.status("reading subscriptions …"), lines_of(subscriptions) as lines:
        matcher = read_subscriptions(lines, _shown(subscriptions), bad)
    build_s = time.perf_counter() - began
    with lines_of(releases) as lines:
        ms = _match(matcher, lines, _shown(releases), ids, bad)
    give(
        {
            "subscriptions": len(matcher),
            "build_s": round(build_s, 3),
            "ms_per_release": ms,
            "peak_rss_mib": peak_rss_mib(),
        }
    )
    if bad.lines:
        raise typer.Exit(PermanentError.exit_code)


class _Bad:
    """Says what is wrong with lines, and counts them."""

    def __init__(self) -> None:
        self.lines = 0

    def __call__(self, fault: PermanentError) -> None:
        self.lines += 1
        complain(str(fault))


def _match(
    matcher: "PlainMatcher", lines: Iterable[bytes], name: str, ids: bool, bad: _Bad
) -> float | None:
    """Print a line a release; return how long matching took on average, None if there was none."""
    from alerts.plain_lines import read_releases

    took_s, count = 0.0, 0
    for release in read_releases(lines, name, bad):
        began = time.perf_counter()
        rows = matcher.match(release)
        took_s += time.perf_counter() - began
        count += 1
        found: dict[str, Any] = {"id": release.id, "matched": len(rows)}
        give(found | {"ids": list(matcher.ids(rows))} if ids else found)
    return round(1000 * took_s / count, 3) if count else None


def _shown(file: str) -> str:
    return "standard input" if file == STANDARD_INPUT else file


def peak_rss_mib() -> float:
    """Return the most memory that this process ever had, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():
        # What getrusage says counts the process that started us as well.
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return round(int(fields["VmHWM"].split()[0]) / 1024, 1)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)
