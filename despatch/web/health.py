"""`/live`, `/ready` and `/metrics` of one process, from a thread of its own.

`/live` turns red when the process is stuck and should be started again; `/ready` when it waits
for something else and starting it again would not help.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from despatch.web.serving import Serving

FRONT = """Despatch

/live     is this process stuck? Then start it again
/ready    can it work, or does it wait for something else?
/metrics  figures for Prometheus
"""
"""For whoever opens the address that `despatch up` prints."""


@dataclass(frozen=True, slots=True)
class Checks:
    """What a process says of itself. Called in a thread of their own; may block for seconds."""

    live: Callable[[], str]
    """What is wrong, in words; empty when all is well."""
    ready: Callable[[], str]
    metrics: Callable[[], bytes]
    """In Prometheus' text format."""


class HealthServer(Serving):
    """Serves the checks of this process until it is closed."""

    def __init__(self, host: str, port: int, checks: Checks) -> None:
        super().__init__("health", host, port, application(checks))


def application(checks: Checks) -> web.Application:
    """Return the pages as an application."""

    async def answer(check: Callable[[], str]) -> web.Response:
        wrong = await asyncio.to_thread(check)
        return web.Response(status=503 if wrong else 200, text=f"{wrong or 'ok'}\n")

    async def live(_request: web.Request) -> web.Response:
        return await answer(checks.live)

    async def ready(_request: web.Request) -> web.Response:
        return await answer(checks.ready)

    async def metrics(_request: web.Request) -> web.Response:
        body = await asyncio.to_thread(checks.metrics)
        return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4"})

    async def front(_request: web.Request) -> web.Response:
        return web.Response(text=FRONT)

    app = web.Application()
    app.add_routes(
        [
            web.get("/", front),
            web.get("/live", live),
            web.get("/ready", ready),
            web.get("/metrics", metrics),
        ]
    )
    return app
