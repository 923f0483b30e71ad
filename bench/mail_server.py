"""The other side of e-mails: aiosmtpd in a process of its own on loopback, which only counts.

It ends when its input does, that is with whoever started it.
"""

import asyncio
import subprocess
import sys
from typing import Any, Self


class MailServer:
    """The process, from `with` to its end."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    def count(self) -> int:
        """Return how many messages it took since it was asked last."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError("the mail server does not run")
        process.stdin.write("count\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.mail_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self._process.stdout is not None:
            self.port = int(self._process.stdout.readline())
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._process is not None:
            self._process.communicate()


class _Counting:
    """What aiosmtpd asks."""

    def __init__(self) -> None:
        self.taken = 0

    async def handle_DATA(self, *_said: Any) -> str:  # noqa: N802 - the name that it calls
        self.taken += 1
        return "250 OK"


async def _serve() -> None:
    from aiosmtpd.smtp import SMTP

    loop, counting = asyncio.get_running_loop(), _Counting()
    server = await loop.create_server(
        lambda: SMTP(counting, hostname="localhost", loop=loop), "127.0.0.1", 0
    )
    _say(server.sockets[0].getsockname()[1])
    while await asyncio.to_thread(sys.stdin.readline):
        _say(counting.taken)
        counting.taken = 0
    server.close()


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_serve())
