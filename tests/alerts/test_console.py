"""The console: an alert that a person can read, with colours or without, on any stream."""

import asyncio
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from pydantic import SecretStr
from rich.console import Console

from alerts.channels import Senders
from alerts.channels.console import ConsoleChannel, render
from alerts.sending import send_now
from despatch.model import Alert, DeliveryId, SubscriptionId
from despatch.ports import Sent
from despatch.testing import a_classified, a_release, a_revision
from despatch.testing.subscribers import an_alert

KEY = DeliveryId("y-key")
ALERT = an_alert(
    a_classified(a_revision(a_release("fees", title="Boats and fees"))),
    subscriptions=(SubscriptionId("s-1f2e3d"),),
)


def printed_to(channel: ConsoleChannel, alert: Alert = ALERT) -> Sent:
    return asyncio.run(channel.send(SecretStr("console://"), alert, KEY))


def printed(alert: Alert = ALERT, width: int = 80) -> str:
    out = StringIO()
    assert printed_to(ConsoleChannel(out, width=width), alert).outcome == "delivered"
    return out.getvalue()


def test_it_shows_title_source_date_themes_marked_words_link_reason_and_way_out() -> None:
    text = printed()
    for part in (
        "New · 2 March 2026 (source: example)",
        "Boats and fees",
        "migration  90% sure",
        "“*Boats* and fees”",
        "https://example.gov/fees",
        "Why",
        "You asked for migration.",
        "despatch subscriptions remove s-1f2e3d",
        "y-key",
    ):
        assert part in text


def test_without_colours_no_escape_is_printed() -> None:
    assert "\x1b" not in printed()


def test_with_colours_evidence_is_highlighted_and_not_marked() -> None:
    console = Console(
        file=StringIO(), force_terminal=True, color_system="standard", width=80, _environ={}
    )
    with console.capture() as captured:
        console.print(render(ALERT, KEY, colour=True))
    assert "\x1b[1;33mBoats\x1b[0m" in captured.get()
    assert "*Boats*" not in captured.get()


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    long = an_alert(a_classified(a_revision(a_release("x", title="word " * 60, text="boat " * 99))))
    assert max(len(line) for line in printed(long, width).splitlines()) <= width


def test_a_title_can_t_move_the_cursor_nor_use_markup() -> None:
    hostile = an_alert(a_classified(a_revision(a_release("x", title="[red]A\x1b[2Jb[/red]"))))
    assert "[red]A[2Jb[/red]" in printed(hostile)


def test_a_stream_that_knows_ascii_only_still_gets_the_alert() -> None:
    out = TextIOWrapper(BytesIO(), encoding="ascii")
    assert printed_to(ConsoleChannel(out)).outcome == "delivered"
    out.seek(0)
    assert "Boats and fees" in out.read()


def test_a_closed_stream_is_a_temporary_failure() -> None:
    class Broken(StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    assert printed_to(ConsoleChannel(Broken())).outcome == "temporary"


def test_tests_and_alarms_are_printed_too() -> None:
    alarm = an_alert(event="alarm", subject="stage alerts waits", body="the broker is away")
    text = printed(alarm.model_copy(update={"classified": None}))
    assert "Alarm" in text
    assert "the broker is away" in text


def test_console_is_a_channel_s_scheme() -> None:
    out = StringIO()
    senders = Senders(out=out)
    senders.check(SecretStr("console://"))
    send_now(senders, SecretStr("console://"), ALERT, KEY)
    assert "Boats and fees" in out.getvalue()
