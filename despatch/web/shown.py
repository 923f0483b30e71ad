"""What the public pages say. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from despatch.frequency import Frequency


@dataclass(frozen=True, slots=True)
class Message:
    """A page that only says something."""

    title: str
    paragraphs: tuple[str, ...]
    again: str = ""
    """Text of the link to the form; empty: no link."""


ASKED = Message(
    "Check your e-mail",
    (
        "If the address can be written to, a message is on its way. Click the link in it within 7 "
        "days to begin; nothing is sent before.",
        "No message? Look among what was sorted out as spam. To an address whose owner had it "
        "erased here, nothing is sent any more.",
    ),
)
LATER = Message(
    "Try again later",
    ("There are too many requests just now. Nothing was sent. Please try again in an hour.",),
    "Back to the form",
)
CLOSED = Message(
    "Sign-up is not open",
    ("This installation takes no sign-ups on the web. Links in alerts that you get still work.",),
)
CONFIRMED = Message(
    "Your alerts are confirmed",
    (
        "You will be told about what is published from now on. Each message has links to change or "
        "end it.",
    ),
)
UNSUBSCRIBED = Message(
    "You are unsubscribed",
    (
        "It holds at once: what was waiting to be sent is not sent either. An address that nothing "
        "else uses is erased.",
    ),
    "Ask for other alerts",
)
NO_RECEIPTS = Message(
    "You get no more receipts",
    (
        "None is made from now on; one that is on its way may still come. Your alerts are as they "
        "were: you are told of what is published.",
    ),
)
ENDED = Message(
    "This link has ended",
    ("A link to confirm works for 7 days.",),
    "Ask again",
)
WRONG = Message(
    "This link does not work",
    (
        "It is not complete, or it was made before this installation changed its keys.",
        "If you copied it, copy all of it. If it is old, use the link of a newer message.",
    ),
)
NOT_HERE = Message(
    "Page not found", ("If you typed the address, check it.",), "Get alerts by e-mail"
)
BAD = Message("That did not work", ("The request can't be understood. Go back and try again.",))
AWAY = Message(
    "Try again soon",
    ("This can't be done just now. Nothing was changed. Please try again in a minute.",),
)

DONE: Mapping[str, str] = {
    "pause": "Paused. What comes meanwhile is not sent later.",
    "resume": "Resumed. You are told about what is published from now on.",
    "remove": "Unsubscribed. It holds at once.",
    "leave": "Unsubscribed from all. It holds at once.",
    "receipt": "No more receipts. Your alerts are as they were.",
    "every": "Saved.",
    "gone": "That one had ended before.",
}
"""By the act that was done."""


def often(every: Frequency) -> str:
    """Return `At once`, `Daily at 08:30 (Europe/London)`, `Every Saturday at 08:30 (UTC)`."""
    if every.every in {"immediate", "hourly"} or every.at is None:
        return "At once" if every.every == "immediate" else "Every hour, in one message"
    when = f"{every.at:%H:%M} ({every.zone})"
    if every.every == "daily":
        return f"Daily at {when}, in one message"
    return f"Every {(every.on or '').capitalize()} at {when}, in one message"


def receipt(every: Frequency) -> str:
    """Return when a receipt comes: `Daily at 08:30 (Europe/London)`."""
    return often(every).removesuffix(", in one message")


def choices(offered: Mapping[str, Frequency]) -> list[tuple[str, str]]:
    """Return each frequency's word and text."""
    return [(word, often(every)) for word, every in offered.items()]
