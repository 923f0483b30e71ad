"""The public pages: sign up, confirm, manage, unsubscribe. A GET shows, only a POST acts.

There are no cookies and no logins: a link is signed, and whoever holds it may act by it. Mail
scanners and browsers that look ahead fetch every link (RFC 8058 §3.1), so nothing changes by that.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network
from typing import cast, get_args
from urllib.parse import urlsplit

from aiohttp import web

from alerts.in_words import about
from alerts.links import Opened, Purpose, Signer
from alerts.managing import Act, Managed
from alerts.signup import Asked, SignUps
from despatch.frequency import Frequency
from despatch.model import Subscription
from despatch.ports import Clock
from despatch.web import shown
from despatch.web.answering import Answered, Answers, read_fields, with_headers
from despatch.web.forms import (
    MAX_BYTES,
    Faults,
    Typed,
    frequencies,
    typed_of,
    wanted_of,
)
from despatch.web.networks import network_of

ENDING: tuple[Purpose, ...] = ("unsubscribe", "leave", "receipt")
"""What the link of a message may end."""


@dataclass(frozen=True, slots=True)
class ThemeChoice:
    """A theme as it is offered."""

    id: str
    title: str
    description: str


@dataclass(frozen=True)
class Pages:
    """What the pages are made with."""

    public_url: str
    signer: Signer
    clock: Clock
    managed: Managed
    signups: SignUps | None
    """None: sign-up is not open."""
    themes: Sequence[ThemeChoice]
    zone: str
    contact: str | None
    proxies: Sequence[IPv4Network | IPv6Network] = ()

    def application(self) -> web.Application:
        """Return the pages, at the path of the public address and at the root.

        A proxy may take the path off or leave it on.
        """
        app = web.Application(client_max_size=MAX_BYTES, middlewares=[self._show.guarded])
        app.on_response_prepare.append(with_headers)
        for prefix in dict.fromkeys(["", self.base]):
            app.add_routes(
                [
                    web.get(f"{prefix}/", self._front),
                    web.get(f"{prefix}/live", _live),
                    web.get(f"{prefix}/style.css", self._style),
                    web.get(f"{prefix}/subscribe", self._subscribe),
                    web.post(f"{prefix}/subscribe", self._ask),
                    web.get(f"{prefix}/confirm/{{token}}", self._confirm),
                    web.post(f"{prefix}/confirm/{{token}}", self._confirmed),
                    web.get(f"{prefix}/manage/{{token}}", self._manage),
                    web.post(f"{prefix}/manage/{{token}}", self._change),
                    web.get(f"{prefix}/unsubscribe/{{token}}", self._unsubscribe),
                    web.post(f"{prefix}/unsubscribe/{{token}}", self._unsubscribed),
                ]
            )
        return app

    @property
    def base(self) -> str:
        """The path that the pages are under; empty at the root."""
        return urlsplit(self.public_url).path.rstrip("/")

    @cached_property
    def _show(self) -> Answers:
        return Answers(self.base, self.contact, inviting=self.signups is not None)

    async def _front(self, _request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(f"{self.base}/subscribe")

    async def _style(self, _request: web.Request) -> web.Response:
        return self._show.style()

    # signing up
    async def _subscribe(self, _request: web.Request) -> web.Response:
        if self.signups is None:
            return self._show.message(shown.CLOSED)
        return self._form(Typed())

    async def _ask(self, request: web.Request) -> web.Response:
        if self.signups is None:
            return self._show.message(shown.CLOSED, 403)
        typed = typed_of(await read_fields(request))
        wanted = wanted_of(typed, [one.id for one in self.themes], self.zone)
        if isinstance(wanted, Faults):
            return self._form(typed, wanted.by_field, 400)
        network = network_of(
            request.remote, request.headers.getall("X-Forwarded-For", []), self.proxies
        )
        asked = Asked(wanted.address, wanted.filter, wanted.frequency, network)
        answer = await asyncio.to_thread(self.signups.ask, asked)
        if answer == "later":
            return self._show.message(shown.LATER, 429)
        return self._show.message(shown.ASKED)

    def _form(
        self, typed: Typed, faults: Mapping[str, str] | None = None, status: int = 200
    ) -> web.Response:
        every = shown.choices(frequencies(self.zone))
        return self._show.page(
            "subscribe.html",
            status,
            typed=typed,
            faults=faults or {},
            themes=self.themes,
            every=every,
        )

    # confirming
    async def _confirm(self, request: web.Request) -> web.Response:
        opened = self._opened(request, ("confirm",))
        signup = await asyncio.to_thread(self._signups().waiting, opened.ids[0])
        if signup is None:
            return self._show.message(shown.ENDED, 410)
        if signup.subscription is not None:
            return self._show.message(shown.CONFIRMED)
        return self._show.page(
            "confirm.html",
            about=about(signup.filter),
            often=shown.often(signup.frequency),
            token=request.match_info["token"],
        )

    async def _confirmed(self, request: web.Request) -> web.Response:
        opened = self._opened(request, ("confirm",))
        signup = await asyncio.to_thread(self._signups().confirm, opened.ids[0])
        if signup is None:
            return self._show.message(shown.ENDED, 410)
        return self._show.message(shown.CONFIRMED)

    def _signups(self) -> SignUps:
        if self.signups is None:
            raise Answered(self._show.message(shown.CLOSED, 403))
        return self.signups

    # managing
    async def _manage(self, request: web.Request) -> web.Response:
        opened = self._opened(request, ("manage",))
        theirs = await asyncio.to_thread(self.managed.theirs, opened.ids[0])
        return self._show.page(
            "manage.html",
            subscriptions=[self._card(one) for one in theirs],
            receipt=await self._receipt(opened.ids[0]) if theirs else "",
            token=request.match_info["token"],
            done=shown.DONE.get(request.query.get("done", "")),
            open=self.signups is not None,
        )

    async def _change(self, request: web.Request) -> web.Response:
        who = self._opened(request, ("manage",)).ids[0]
        fields = await read_fields(request)
        which, act = ((fields.get(name) or [""])[0] for name in ("subscription", "act"))
        if act == "leave":
            await asyncio.to_thread(self.managed.leave, who)
            done = True
        elif act == "receipt":
            done = await asyncio.to_thread(self.managed.end_receipt, who)
        elif act == "every":
            every = frequencies(self.zone).get((fields.get("every") or [""])[0])
            done = every is None or await asyncio.to_thread(
                self.managed.set_frequency, who, which, every
            )
        elif act in get_args(Act):
            done = await asyncio.to_thread(self.managed.act, who, which, cast(Act, act))
        else:
            raise web.HTTPBadRequest
        said = act if done else "gone"
        raise web.HTTPSeeOther(f"{self.base}/manage/{request.match_info['token']}?done={said}")

    def _card(self, one: Subscription) -> dict[str, object]:
        offered = frequencies(self.zone)
        kept = {} if one.frequency in offered.values() else {"": one.frequency}
        every: Mapping[str, Frequency] = kept | dict(offered)
        return {
            "id": one.id,
            "name": one.name,
            "query": about(one.filter),
            "often": shown.often(one.frequency),
            "paused": one.state == "paused",
            "every": shown.choices(every),
            "chosen": next(word for word, value in every.items() if value == one.frequency),
        }

    # unsubscribing
    async def _unsubscribe(self, request: web.Request) -> web.Response:
        opened = self._opened(request, ENDING)
        if opened.purpose == "receipt":
            return await self._of_receipt(request, opened.ids[0])
        if opened.purpose == "leave":
            found = await asyncio.to_thread(self.managed.theirs, opened.ids[0])
        else:
            found = await asyncio.to_thread(self.managed.named, opened.ids)
        if not found:
            return self._show.message(shown.UNSUBSCRIBED)
        return self._show.page(
            "unsubscribe.html",
            subscriptions=[
                {"name": one.name, "often": shown.often(one.frequency)} for one in found
            ],
            token=request.match_info["token"],
        )

    async def _unsubscribed(self, request: web.Request) -> web.Response:
        """Act at once, whatever the body says: RFC 8058 §3.2, and the button of the page."""
        opened = self._opened(request, ENDING)
        if opened.purpose == "receipt":
            await asyncio.to_thread(self.managed.end_receipt, opened.ids[0])
            return self._show.message(shown.NO_RECEIPTS)
        if opened.purpose == "leave":
            await asyncio.to_thread(self.managed.leave, opened.ids[0])
        else:
            await asyncio.to_thread(self.managed.end, opened.ids)
        return self._show.message(shown.UNSUBSCRIBED)

    async def _of_receipt(self, request: web.Request, who: str) -> web.Response:
        every = await self._receipt(who)
        if not every:
            return self._show.message(shown.NO_RECEIPTS)
        return self._show.page("receipt.html", every=every, token=request.match_info["token"])

    async def _receipt(self, who: str) -> str:
        """Return when they get a receipt, in words; empty if they get none."""
        every = await asyncio.to_thread(self.managed.receipt, who)
        return "" if every is None else shown.receipt(every)

    def _opened(self, request: web.Request, purposes: Sequence[Purpose]) -> Opened:
        found = self.signer.read(request.match_info["token"], purposes, self.clock.now())
        if isinstance(found, Opened):
            return found
        if found.reason == "ended":
            raise Answered(self._show.message(shown.ENDED, 410))
        raise Answered(self._show.message(shown.WRONG, 404))


async def _live(_request: web.Request) -> web.Response:
    return web.Response(text="ok\n")
