"""A mail server on loopback that says what it is told to, or hangs, or hangs up."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

HANG = "hang"
HANG_UP = "hang up"

_USUAL = {
    "greeting": "220 here",
    "EHLO": "250 here",
    "MAIL": "250 OK",
    "RCPT": "250 OK",
    "DATA": "354 go on",
    "text": "250 taken",
    "RSET": "250 OK",
    "QUIT": "221 bye",
}


@dataclass
class MailScript:
    """What it says to each command, to the text, and as a greeting; and what it was told."""

    says: dict[str, str] = field(default_factory=lambda: dict(_USUAL))
    once: dict[str, str] = field(default_factory=dict)
    """What it says to the next command of a kind, before `says` holds again."""
    port: int = 0
    connections: int = 0
    heard: list[str] = field(default_factory=list)
    """The first word of each command, in order."""
    texts: list[str] = field(default_factory=list)
    _talks: set["asyncio.Task[None] | None"] = field(default_factory=set)
    """Held, or the garbage collector ends what only waits."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client until it, or the script, hangs up."""
        self.connections += 1
        self._talks.add(asyncio.current_task())
        try:
            await self._say("greeting", writer)
            while line := await reader.readline():
                word = line.split()[0].decode().upper() if line.strip() else ""
                self.heard.append(word)
                await self._say(word, writer)
                if word == "DATA" and self.says["DATA"].startswith("354"):
                    text = await reader.readuntil(b"\r\n.\r\n")
                    self.texts.append(text.decode())
                    await self._say("text", writer)
        except (_HungUp, ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return  # cancelled at the end of the block
        finally:
            writer.close()

    async def _say(self, what: str, writer: asyncio.StreamWriter) -> None:
        said = self.once.pop(what, "") or self.says.get(what, "500 what?")
        if said == HANG_UP:
            raise _HungUp
        if said == HANG:
            await asyncio.Event().wait()
        writer.write(f"{said}\r\n".encode())
        await writer.drain()


class _HungUp(Exception):
    """The script says so."""


@contextmanager
def mail_script(says: Mapping[str, str] | None = None) -> Iterator[MailScript]:
    """Yield a server on a free port; it is stopped at the end of the block."""
    script = MailScript()
    script.says.update(says or {})
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(
        asyncio.start_server(script.serve, "127.0.0.1", 0), loop
    ).result()
    script.port = server.sockets[0].getsockname()[1]
    try:
        yield script
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _close(server: asyncio.Server) -> None:
    server.close()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
