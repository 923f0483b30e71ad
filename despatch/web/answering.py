"""What the public pages answer with: pages, messages, and no error that is not the reader's."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from despatch import log
from despatch.errors import DespatchError
from despatch.web import shown
from despatch.web.forms import NotAForm, fields_of
from despatch.web.rendering import Templates

_READ_WITHIN_S = 10
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}


class Answered(Exception):
    """A handler is done early."""

    def __init__(self, response: web.Response) -> None:
        super().__init__()
        self.response = response


async def read_fields(request: web.Request) -> Mapping[str, Sequence[str]]:
    """Return the fields of a form that is sent within 10 s. Raises what is then answered."""
    try:
        async with asyncio.timeout(_READ_WITHIN_S):
            body = await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType
    return fields_of(body)


async def with_headers(_request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Add what keeps browsers and scanners from doing more than showing the page."""
    response.headers.update(_HEADERS)


class Answers:
    """Makes pages for the path that they are under; `inviting` if anybody may sign up."""

    def __init__(self, base: str, contact: str | None, *, inviting: bool) -> None:
        self._base = base
        self._inviting = inviting
        self._templates = Templates(base, contact)

    def style(self) -> web.Response:
        """Return the style sheet."""
        return web.Response(text=self._templates.style(), content_type="text/css")

    def message(self, said: shown.Message, status: int = 200) -> web.Response:
        """Return a page that says one thing."""
        again = bool(said.again and self._inviting)
        return self.page(
            "message.html",
            status,
            title=said.title,
            paragraphs=said.paragraphs,
            link=f"{self._base}/subscribe" if again else None,
            link_text=said.again,
        )

    def page(self, template: str, status: int = 200, **values: Any) -> web.Response:
        """Return the page of a template."""
        text = self._templates.render(template, **values)
        return web.Response(status=status, text=text, content_type="text/html")

    @web.middleware
    async def guarded(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        """Answer with a page, too, what can't be done; the store's errors are not the reader's."""
        try:
            return await handler(request)
        except Answered as done:
            return done.response
        except NotAForm:
            return self.message(shown.BAD, 400)
        except web.HTTPRedirection:
            raise
        except web.HTTPException as exc:
            said = shown.NOT_HERE if exc.status == 404 else shown.BAD
            response = self.message(said, exc.status)
            if "Allow" in exc.headers:
                response.headers["Allow"] = exc.headers["Allow"]
            return response
        except DespatchError as exc:
            log.get(stage="web").error("page not served", why=str(exc))
            response = self.message(shown.AWAY, 503)
            response.headers["Retry-After"] = "30"
            return response
