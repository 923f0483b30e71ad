"""A moment as the clock of whoever is told shows it. Pure.

Zones stand in what a subscriber asked for (`daily 08:30 Europe/London`, quiet hours); nothing else
says where they are.
"""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from despatch.model import Subscriber, Subscription

UTC = "UTC"


def zone_named(why: str) -> str:
    """Return the zone that the reason for waiting names, else UTC.

    `zone_named("daily 08:30 Europe/London") == "Europe/London"`.
    """
    for word in why.split():
        if "/" in word and word[0].isupper() and _is_zone(word):
            return word
    return UTC


def zone_of(who: Subscriber, asking: Iterable[Subscription] = ()) -> str:
    """Return the zone of a subscriber, by the first thing of theirs that names one; else UTC."""
    said = [one.frequency.zone for one in asking]
    said += [one.zone for one in (who.quiet, who.receipt, who.overflow) if one is not None]
    return next((zone for zone in said if zone != UTC), UTC)


def local(at: datetime, zone: str) -> datetime:
    """Return a moment in a zone."""
    return at.astimezone(ZoneInfo(zone))


def moment(at: datetime, zone: str) -> str:
    """Return a moment as a zone's clocks show it: `2026-11-26 08:30 Europe/London`."""
    return f"{local(at, zone):%Y-%m-%d %H:%M} {zone}"


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True
