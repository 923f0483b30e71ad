"""A webhook that is busy or slow now and then, by chance, and remembers each key it was sent."""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast


@dataclass
class Unreliable:
    """How often it fails, and what came. A key is failed once at most: the next try is taken."""

    busy: float = 0.05
    """Share of deliveries that are answered 503 at their first try."""
    slow: float = 0.005
    """Share whose first try is answered late."""
    late_s: float = 1.5
    chance: random.Random = field(default_factory=random.Random)
    port: int = 0
    tries: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By path and Idempotency-Key."""
    taken: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Those that were answered 200, or were to be."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _end: threading.Event = field(default_factory=threading.Event)

    def take(self, path: str, key: str) -> int:
        """Return the status to answer with, after a while for some."""
        with self._lock:
            first = not self.tries[path, key]
            self.tries[path, key] += 1
            fate = self.chance.random() if first else 1.0
            if fate < self.busy:
                return 503
            self.taken[path, key] += 1
        if fate < self.busy + self.slow:
            self._end.wait(self.late_s)
        return 200

    def came(self, count: int) -> bool:
        """Return whether so many requests have come."""
        return self.tries.total() >= count

    def close(self) -> None:
        """Let those go that wait."""
        self._end.set()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    webhook: Unreliable


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        webhook = cast(_Server, self.server).webhook
        status = webhook.take(self.path, self.headers.get("Idempotency-Key", ""))
        self.wfile.write(f"HTTP/1.1 {status} As-Told\r\nContent-Length: 0\r\n\r\n".encode())

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:  # the sender was killed
            return


@contextmanager
def unreliable_webhook(chance: random.Random) -> Iterator[Unreliable]:
    """Yield one on a free port of loopback; it is stopped at the end of the block."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.webhook = Unreliable(chance=chance, port=server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.webhook
    finally:
        server.webhook.close()
        server.shutdown()
        server.server_close()
        thread.join()
