"""Hosts in the store: lent to one poller at a time, and left alone for as long as one asks for."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    bindparam,
    exists,
    func,
    or_,
    select,
    update,
)

from despatch.model import SourceId
from despatch.ports import Due
from despatch.store.columns import Moment
from despatch.store.listed import among
from despatch.store.rows import Rows, insert_into
from despatch.store.source_rows import LENT
from despatch.store.tables import hosts, sources


class Hosts(Rows):
    """The part of a transaction that is about whom sources ask."""

    def hold_host(self, host: str, until: datetime, why: str) -> None:
        new = insert_into(self._dialect, hosts)
        longer = or_(hosts.c.held_until.is_(None), hosts.c.held_until < new.excluded.held_until)
        held = {name: new.excluded[name] for name in ("held_until", "held_why")}
        statement = new.on_conflict_do_update(index_elements=["host"], set_=held, where=longer)
        values = {"host": host, "held_until": until, "held_why": why}
        self._connection.execute(statement, values)

    def held(self, now: datetime) -> Mapping[SourceId, Due]:
        wanted = with_host(sources).where(
            or_(sources.c.held_until > now, hosts.c.held_until > now), sources.c.state != "removed"
        )
        return {SourceId(row.id): _hold_of(row) for row in self._all(wanted)}

    def _lend_hosts(
        self, wanted: Iterable[str], owner: str, now: datetime, until: datetime
    ) -> Collection[str]:
        """Lend hosts that no other poller has; return them, and nobody for a source without one."""
        lent = {""}
        if part := sorted({host for host in wanted if host}):
            new = {"lease_owner": owner, "lease_until": until, "held_why": ""}
            rows = [{"host": host, "at": now, **new} for host in part]
            self._connection.execute(_take(self._dialect), rows)
            lent |= {*self._connection.scalars(_OURS, {"part": part, "me": owner})}
        return lent

    def _give_back_hosts(self, wanted: Iterable[str]) -> None:
        """Give back those of these hosts of which their poller has no source any more."""
        part = sorted({host for host in wanted if host})
        self._connection.execute(_GIVE_BACK, {"part": part})


def with_host(*columns: Any) -> Select[Any]:
    """Return a statement for sources' columns, and how their hosts are held."""
    held = (hosts.c.held_until.label("host_held_until"), hosts.c.held_why.label("host_held_why"))
    return select(*columns, *held).outerjoin(hosts, hosts.c.host == sources.c.host)


def due_of(row: Any) -> Due:
    """Return when a row's source is polled next: when it is due, or once its host is held no more.

    The row is one of `with_host`.
    """
    held_until = max(filter(None, (row.held_until, row.host_held_until)), default=None)
    if row.host_held_until is None or row.host_held_until <= row.next_due:
        return Due(row.next_due, row.due_why, held_until)
    return Due(row.host_held_until, row.host_held_why, held_until)


def _hold_of(row: Any) -> Due:
    """Return how long a row's source is held: by its host or by itself, whichever is longer."""
    if row.host_held_until is None or (row.held_until and row.held_until > row.host_held_until):
        return Due(row.held_until, _ASKED, row.held_until)
    return Due(row.host_held_until, row.host_held_why, row.host_held_until)


_ASKED = "the server asked to be left alone (Retry-After)"

ME = bindparam("me", type_=Text)
"""Who asks, and `AT` when: statements are made once, which takes longer than to run one."""
AT = bindparam("at", type_=Moment)

_OURS = select(hosts.c.host).where(among(hosts.c.host, "part"), hosts.c.lease_owner == ME)
_GIVE_BACK = (
    update(hosts)
    .where(
        among(hosts.c.host, "part"),
        ~exists().where(
            sources.c.host == hosts.c.host,
            sources.c.lease_owner.is_not(None),
            sources.c.lease_owner == hosts.c.lease_owner,
        ),
    )
    .values(lease_owner=None, lease_until=None)
)

_OTHERS = select(hosts.c.host).where(
    or_(hosts.c.held_until > AT, (hosts.c.lease_until > AT) & (hosts.c.lease_owner != ME))
)
_FREE = or_(sources.c.lease_until.is_(None), sources.c.lease_until <= AT)
_LENDABLE = (
    _FREE
    & or_(sources.c.held_until.is_(None), sources.c.held_until <= AT)
    & sources.c.host.not_in(_OTHERS)
)
"""Neither the source nor its host is another's, or held."""

DUE = (sources.c.state == "active") & (sources.c.next_due <= AT) & _LENDABLE


def _named(lendable: ColumnElement[bool]) -> Select[Any]:
    """Return the query for those sources of `part` that are to be had, or are ours already."""
    # An expression: by the index of `state` SQLite would look through all sources there are.
    active = sources.c.state.concat("") == "active"
    return (
        select(*LENT)
        .where(among(sources.c.id, "part"), active)
        .where(or_(lendable, sources.c.lease_owner == ME))
        .order_by(sources.c.id)  # in one order, so that two pollers can't wait for each other
        .with_for_update()
    )


NAMED = _named(_LENDABLE)
NAMED_QUIETLY = _named(_FREE)
"""For who asks nobody."""


@cache
def _take(dialect: str) -> Any:
    new = insert_into(dialect, hosts)
    free = or_(
        hosts.c.lease_until.is_(None),
        hosts.c.lease_until <= AT,
        hosts.c.lease_owner == new.excluded.lease_owner,
    )
    taken = {name: new.excluded[name] for name in ("lease_owner", "lease_until")}
    return new.on_conflict_do_update(index_elements=["host"], set_=taken, where=free)


def within_limits(due: ColumnElement[bool], per_host: int) -> ColumnElement[bool]:
    """Return the condition that a host has no more than so many sources lent with this one."""
    order = (sources.c.next_due, sources.c.id)
    turn = func.row_number().over(partition_by=sources.c.host, order_by=order)
    ranked = select(sources.c.id, sources.c.host, turn.label("turn")).where(due).subquery()
    lent = (
        select(sources.c.host, func.count().label("lent"))
        .where(sources.c.lease_owner.is_not(None), sources.c.lease_until > AT)
        .group_by(sources.c.host)
        .subquery()
    )
    with_lent = ranked.outerjoin(lent, lent.c.host == ranked.c.host)
    room = or_(ranked.c.host == "", ranked.c.turn + func.coalesce(lent.c.lent, 0) <= per_host)
    return sources.c.id.in_(select(ranked.c.id).select_from(with_lent).where(room))
