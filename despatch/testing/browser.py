"""A browser without a window: asks a server over a real socket, follows and keeps nothing."""

import http.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True, slots=True)
class Page:
    """What was answered."""

    status: int
    headers: Mapping[str, str]
    """By their names in lower case."""
    text: str


class Browser:
    """Asks the server at an address such as `http://127.0.0.1:8090`."""

    def __init__(self, address: str) -> None:
        self._at = urlsplit(address)

    def get(self, where: str, method: str = "GET", **headers: str) -> Page:
        """Return the page at a path or a whole address."""
        return self._ask(method, where, b"", headers)

    def post(self, where: str, fields: Sequence[tuple[str, str]] = (), **headers: str) -> Page:
        """Return what a form is answered."""
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", where, urlencode(fields).encode(), form | headers)

    def post_body(self, where: str, body: bytes, content_type: str) -> Page:
        """Return what any body is answered."""
        return self._ask("POST", where, body, {"Content-Type": content_type})

    def _ask(self, method: str, where: str, body: bytes, headers: Mapping[str, str]) -> Page:
        parts = urlsplit(where)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        asked = http.client.HTTPConnection(self._at.hostname or "", self._at.port, timeout=30)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            asked.request(method, path, body or None, named)
            answer = asked.getresponse()
            text = answer.read().decode()
            return Page(answer.status, {n.lower(): v for n, v in answer.getheaders()}, text)
        finally:
            asked.close()
