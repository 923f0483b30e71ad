"""`/live`, `/ready` and `/metrics` of one process, from a thread of its own.

`/live` turns red when the process is stuck and should be started again; `/ready` when it waits
for something else and starting it again would not help.
"""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from despatch.errors import OperatorError


@dataclass(frozen=True, slots=True)
class Checks:
    """What a process says of itself. Called in a thread of their own; may block for seconds."""

    live: Callable[[], str]
    """What is wrong, in words; empty when all is well."""
    ready: Callable[[], str]
    metrics: Callable[[], bytes]
    """In Prometheus' text format."""


class HealthServer:
    """Serves the checks of this process until it is closed."""

    def __init__(self, host: str, port: int, checks: Checks) -> None:
        self._host = host
        self._port = port
        self._checks = checks
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._problem: OSError | None = None
        self._thread = threading.Thread(target=self._serve, name="health", daemon=True)

    def __enter__(self) -> "HealthServer":
        self._thread.start()
        self._started.wait()
        if self._problem is not None:
            raise OperatorError(
                f"can't serve on {self._host}:{self._port}: {self._problem.strerror}; "
                "choose another with --listen HOST:PORT"
            ) from self._problem
        return self

    def __exit__(self, *_exc: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)

    def _serve(self) -> None:
        runner = web.AppRunner(application(self._checks), access_log=None)
        try:
            self._loop.run_until_complete(self._start(runner))
        except OSError as exc:
            self._problem = exc
            self._started.set()
        else:
            self._started.set()
            self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _start(self, runner: web.AppRunner) -> None:
        await runner.setup()
        await web.TCPSite(runner, self._host, self._port).start()


def application(checks: Checks) -> web.Application:
    """Return the three pages as an application."""

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

    app = web.Application()
    app.add_routes([web.get("/live", live), web.get("/ready", ready), web.get("/metrics", metrics)])
    return app
