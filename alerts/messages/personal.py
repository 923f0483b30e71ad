"""What is one recipient's own in an alert: why, how to stop, the key. Put in after rendering. Pure.

While a template is rendered a mark stands for each of these, so that what it makes is the same for
everybody. A mark is two signs that Unicode keeps for such uses; no release's text holds any.
"""

import re
from dataclasses import dataclass

from alerts.messages.about import link_of
from alerts.messages.forms import Form, address, outer
from alerts.messages.said import NO_URL, Url
from alerts.words import one_line
from despatch.model import Alert, DeliveryId
from despatch.ports import Links
from despatch.shorten import shorten

MAX_REASON = 1_500
MAX_COMMANDS = 5

MARK = re.compile("\ufdd0([0-4])\ufdd1")


@dataclass(frozen=True, slots=True)
class You:
    """What a template calls `you`: the words of one recipient, or the marks that stand for them."""

    reason: str
    """Why you get this, on one line."""
    key: str
    """The delivery's key."""
    commands: str
    """How to stop on a command line; empty where no subscription asked."""
    manage: Url
    """Where subscriptions are looked at and changed; empty where there is no such page."""
    unsubscribe: Url
    """Where they are ended; likewise."""

    @property
    def has(self) -> tuple[bool, bool, bool]:
        """Whether it has commands, a page to manage, an address to unsubscribe."""
        return bool(self.commands), bool(self.manage), bool(self.unsubscribe)

    def values(self, form: Form) -> tuple[str, ...]:
        """Return what takes the marks' places in a form, in their order."""
        escape = outer(form)
        return (
            escape(self.reason),
            escape(self.key),
            escape(self.commands),
            address(self.manage, form),
            address(self.unsubscribe, form),
        )


def you(alert: Alert, key: DeliveryId, links: Links) -> You:
    """Return what is this recipient's own."""
    return You(
        reason=reason_of(alert),
        key=key,
        commands=commands_of(alert),
        manage=link_of(links.manage(alert)),
        unsubscribe=link_of(links.unsubscribe(alert)),
    )


def reason_of(alert: Alert) -> str:
    """Return the reason on one line."""
    return shorten(one_line(alert.reason), MAX_REASON)


def commands_of(alert: Alert) -> str:
    """Return how to be told no more; empty for what no subscription asked for."""
    if alert.event == "receipt":  # one end for all: the subscriptions stay
        first = alert.subscriptions[:1]
        return "".join(f"despatch subscriptions edit {one} --receipt none" for one in first)
    commands = [f"despatch subscriptions remove {one}" for one in alert.subscriptions]
    more = len(commands) - MAX_COMMANDS
    shown = commands[:MAX_COMMANDS] + ([f"{more} more"] if more > 0 else [])
    return "  or  ".join(shown)


def marks(has: tuple[bool, bool, bool]) -> You:
    """Return the marks for whoever has the same of these."""
    return You(
        reason=_mark(0),
        key=_mark(1),
        commands=_mark(2) if has[0] else "",
        manage=Url(_mark(3)) if has[1] else NO_URL,
        unsubscribe=Url(_mark(4)) if has[2] else NO_URL,
    )


def place(text: str) -> int | None:
    """Return whose place a mark keeps among `You.values`; None for what is no mark."""
    found = MARK.fullmatch(text)
    return None if found is None else int(found[1])


def _mark(number: int) -> str:
    return f"\ufdd0{number}\ufdd1"
