"""An HTTP server beside the rest of a process: it has an event loop and a thread of its own."""

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from functools import partial
from typing import cast

from aiohttp import web
from aiohttp.http import HttpProcessingError

from despatch.errors import OperatorError


class _FaultsOfOurs(logging.Filter):
    """Lets through what went wrong here, and not what strangers send that is no HTTP.

    aiohttp would log a traceback for each: whoever scans the port could fill the disk.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        raised = record.exc_info[1] if record.exc_info else None
        return not isinstance(raised, HttpProcessingError)


_LOGGER = logging.getLogger("despatch.serving")
_LOGGER.addFilter(_FaultsOfOurs())


_NO_HTTP = "UNKNOWN"
"""What aiohttp calls the method of what is no HTTP."""
_SAID = {
    400: "This can't be read as HTTP: send a whole request, with no line of 8 kB in its head.",
    404: "Nothing is here. See what is: /",
    405: "This address can be read, and takes nothing else: ask with GET.",
    500: "A fault of Despatch's own. Whoever runs this finds it in the log.",
}
"""What stands in an answer that no application of ours has made, by its status."""


class _Request(web.Request):
    """A request whose answer is in our words, and names no library and no version.

    An application's own signal (`on_response_prepare`) is not sent for what is no HTTP.
    """

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        await super()._prepare_hook(response)
        response.headers.popall("Server", None)
        if isinstance(response, web.Response) and self._is_the_library_s(response):
            said = _SAID.get(response.status, "This can't be answered.") + "\n"
            response.content_type, response.text = "text/plain", said
            response.headers["Content-Length"] = str(len(said.encode()))

    def _is_the_library_s(self, response: web.Response) -> bool:
        """Whether a refusal was made by aiohttp, whose words tell strangers what reads them."""
        made = isinstance(response, web.HTTPException) or self.method == _NO_HTTP
        return response.status == 500 or (response.status >= 400 and made)


class Serving:
    """Serves an application until it is closed."""

    def __init__(self, name: str, host: str, port: int, application: web.Application) -> None:
        self._host = host
        self._port = port
        self._application = application
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._problem: OSError | None = None
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)

    def __enter__(self) -> "Serving":
        self._thread.start()
        self._started.wait()
        if self._problem is not None:
            raise OperatorError(
                f"can't serve on {self._host}:{self._port}: {_words(self._problem)}; "
                "choose another with --listen HOST:PORT"
            ) from self._problem
        return self

    def __exit__(self, *_exc: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)

    def _serve(self) -> None:
        runner = web.AppRunner(self._application, access_log=None, logger=_LOGGER)
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
        if (server := runner.server) is not None:
            made = cast("Callable[..., web.Request]", server.request_factory)
            server.request_factory = partial(made, _cls=_Request)
        await web.TCPSite(runner, self._host, self._port).start()


def _words(problem: OSError) -> str:
    """Return why an address can't be served on, without what asyncio wraps around it."""
    number = problem.errno or 0
    return os.strerror(number) if number > 0 else problem.strerror or str(problem)
