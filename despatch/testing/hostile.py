"""What strangers answer: each case with what has to come of it."""

import gzip
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import brotli

from despatch.testing.http import Answer

MIB = 1024 * 1024

GOOD = "Good news"
"""The one title of a plain feed."""

SECRET = "do not tell"  # noqa: S105 - what a file has that must never be read


@dataclass(frozen=True, slots=True)
class Case:
    """A source as it answers, and how it has to end."""

    answer: Answer
    word: str = ""
    """What the problem begins with; empty if the feed can be read."""
    titles: tuple[str, ...] | None = None
    """What is published; None: nothing if there is a problem, else GOOD."""
    count: int | None = None
    """How many releases are published, where their titles don't matter."""
    outcome: str = ""
    """Default: `failed` with a word, `fetched` without."""
    retry_after_s: int | None = None
    more: Mapping[str, Answer] = field(default_factory=dict)
    """What other paths answer."""
    host: str = "127.0.0.1"
    """What the loopback server is called: a host that asks to be left alone must be one apart."""
    address: str | None = None
    """Where it is, if not on the loopback server."""

    def __post_init__(self) -> None:
        """Fill in what follows from the rest."""
        if self.titles is None and self.count is None:
            object.__setattr__(self, "titles", () if self.word else (GOOD,))
        object.__setattr__(self, "outcome", self.outcome or ("failed" if self.word else "fetched"))


NAMES: Mapping[str, Sequence[str]] = {
    "inside.example.gov": ["10.0.0.1"],
    "half-inside.example.gov": ["127.0.0.1", "10.0.0.1"],
    "metadata.example.gov": ["169.254.169.254"],
    "inside6.example.gov": ["fd00::1"],
    "mapped.example.gov": ["::ffff:10.0.0.1"],
}
"""What a name server answers that is in league with them; it knows no other name."""


def path_of(name: str) -> str:
    """Return a case's path; without its slash, the source's id."""
    return "/" + re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")


def rss(
    *items: str, head: str = "<?xml version='1.0' encoding='utf-8'?>", encoding: str = "utf-8"
) -> bytes:
    """Return an RSS feed of these items."""
    body = f"<rss version='2.0'><channel><title>x</title>{''.join(items)}</channel></rss>"
    return (head + body).encode(encoding)


def item(
    title: str, text: str = "Some words.", *, id_: str | None = None, date: str = "", link: str = ""
) -> str:
    """Return an item; its id is its title, unless told otherwise."""
    guid = title if id_ is None else id_
    return (
        f"<item><guid isPermaLink='false'>{guid}</guid><title>{title}</title><link>{link}</link>"
        f"<pubDate>{date}</pubDate><description>{text}</description></item>"
    )


def plain(**changed: object) -> Answer:
    """Return the answer that a good feed is, with something about it changed."""
    return Answer(**{"body": rss(item(GOOD))} | changed)  # type: ignore[arg-type]


def cases(url: Callable[[str], str], secret_file: str, drip_s: float) -> dict[str, Case]:
    """Return every case by its name.

    `url` makes an address of a path; `secret_file` is a file's address that holds SECRET;
    `drip_s` lies between two bytes of those that send one at a time.
    """
    return {
        **_transport(drip_s),
        **_statuses(),
        **_redirects(),
        **_elsewhere(),
        **_xml(url, secret_file),
        **_encodings(),
        **_contents(),
    }


def _transport(drip_s: float) -> dict[str, Case]:
    def coded(coding: str, body: bytes) -> Answer:
        return Answer(headers=[("Content-Encoding", coding)], body=body)

    ok = b"HTTP/1.1 200 OK\r\n"
    return {
        "good": Case(plain(headers=[("ETag", '"1"')])),
        "gzip bomb": Case(coded("gzip", gzip.compress(bytes(64 * MIB))), "too large"),
        "brotli bomb": Case(coded("br", brotli.compress(bytes(64 * MIB), quality=4)), "too large"),
        "100 MB announced": Case(
            Answer(raw=ok + b"Content-Length: 104857600\r\n\r\n" + bytes(1_024), times=102_400),
            "too large",
        ),
        "100 MB unannounced": Case(
            Answer(raw=ok + b"\r\n" + bytes(1_024), times=102_400), "too large"
        ),
        "a byte at a time, headers": Case(
            Answer(raw=ok + b"X-Slow: " + b"y" * 500, drip_s=drip_s), "timeout"
        ),
        "a byte at a time, body": Case(Answer(body=b"<" * 500, drip_s=drip_s), "timeout"),
        "nothing, for ever": Case(Answer(raw=b"", hang=True), "timeout"),
        "preliminary answers for ever": Case(
            Answer(raw=b"HTTP/1.1 100 Continue\r\n\r\n", hang=True), "timeout"
        ),
        "headers without end": Case(Answer(raw=ok + b"X: y\r\n" * 512, times=20_000), "bad answer"),
        "a header that is too long": Case(
            Answer(raw=ok + b"X: " + b"y" * 100_000 + b"\r\n\r\n"), "bad answer"
        ),
        "another protocol": Case(Answer(raw=b"SSH-2.0-OpenSSH_9.2p1\r\n"), "bad answer"),
        "hung up": Case(Answer(raw=b""), "disconnected"),
        "truncated": Case(plain(cut=True), "truncated"),
        "truncated gzip": Case(coded("gzip", gzip.compress(rss(item(GOOD)))[:-12]), "truncated"),
        "a broken chunk": Case(
            Answer(raw=ok + b"Transfer-Encoding: chunked\r\n\r\nffffffffff\r\nx"), "truncated"
        ),
        "not compressed as said": Case(coded("gzip", rss(item(GOOD))), "encoding"),
        "compressed as nobody asked": Case(coded("zstd", b"x"), "encoding"),
        "sets a cookie": Case(plain(headers=[("Set-Cookie", "id=1; Path=/")])),
    }


def _statuses() -> dict[str, Case]:
    failing = {
        str(status): Case(Answer(status), f"http {status}")
        for status in (204, 301, 304, 308, 400, 401, 403, 404, 429, 451, 500, 502, 503, 504)
    }
    waiting = {
        f"{status} with Retry-After": Case(
            Answer(status, headers=[("Retry-After", value)]),
            f"http {status}",
            retry_after_s=wait_s,
            host=host,
        )
        for status, value, wait_s, host in (
            (429, "7200", 7_200, "localhost"),
            (503, "Tue, 03 Mar 2026 12:00:00 GMT", 86_400, "127.0.0.1"),
        )
    }
    senseless = Case(Answer(429, headers=[("Retry-After", "9" * 400)]), "http 429")
    return {
        **failing,
        **waiting,
        "410": Case(Answer(410), "http 410", outcome="ended"),
        "429 with a senseless Retry-After": senseless,
    }


def _redirects() -> dict[str, Case]:
    def to(target: str, status: int = 302) -> Answer:
        cookie = ("Set-Cookie", "id=1; Path=/")
        return Answer(status, headers=[("Location", target), cookie])

    followed = {
        f"{status} elsewhere": Case(to("/elsewhere", status), more={"elsewhere": plain()})
        for status in (301, 302, 303, 307, 308)
    }
    refused = {
        f"a redirect to {target}": Case(to(target), word)
        for target, word in (
            ("http://169.254.169.254/latest/meta-data", "blocked address"),
            ("http://10.0.0.1/", "blocked address"),
            ("http://[::1]/", "blocked address"),
            ("http://[::ffff:10.0.0.1]/", "blocked address"),
            ("http://0xa000001/", "blocked address"),
            ("file:///etc/passwd", "bad address"),
            ("gopher://example.gov/", "bad address"),
            ("http://user:password@example.gov/", "bad address"),
            ("http://[", "redirect"),
        )
    }
    there_and_back = {"there": to("/back"), "back": to("/there")}
    return {
        **followed,
        **refused,
        "a redirect to itself": Case(to("/a-redirect-to-itself"), "redirect"),
        "a redirect in a ring": Case(to("/there"), "redirect", more=there_and_back),
    }


def _elsewhere() -> dict[str, Case]:
    return {
        **{
            name: Case(Answer(), "blocked address", address=f"http://{name}/feed") for name in NAMES
        },
        "unknown.example.gov": Case(Answer(), "dns", address="http://unknown.example.gov/feed"),
        "a port where nothing listens": Case(
            Answer(), "refused", address="http://127.0.0.1:1/feed"
        ),
    }


def _xml(url: Callable[[str], str], secret_file: str) -> dict[str, Case]:
    def with_doctype(subset: str, text: str) -> Answer:
        return Answer(
            body=rss(item(GOOD, text), head=f"<?xml version='1.0'?><!DOCTYPE r [{subset}]>")
        )

    laughs = "<!ENTITY l0 'lol'>" + "".join(
        f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10)
    )
    return {
        "a billion laughs": Case(with_doctype(laughs, "&l9;"), titles=(GOOD,)),
        "quadratic blowup": Case(
            with_doctype(f"<!ENTITY a '{'x' * 50_000}'>", "&a;" * 20_000), titles=(GOOD,)
        ),
        "an entity that is a file": Case(
            with_doctype(f"<!ENTITY x SYSTEM '{secret_file}'>", "&x;"), titles=(GOOD,)
        ),
        "an entity that is a page": Case(
            with_doctype(f"<!ENTITY x SYSTEM '{url('/never')}'>", "&x;"), titles=(GOOD,)
        ),
        "entities that are a page": Case(
            with_doctype(f"<!ENTITY % x SYSTEM '{url('/never')}'> %x;", "words"), titles=(GOOD,)
        ),
        "a document type that is a page": Case(
            Answer(body=rss(item(GOOD), head=f"<!DOCTYPE rss SYSTEM '{url('/never')}'>"))
        ),
        "a style sheet": Case(
            Answer(body=rss(item(GOOD), head=f"<?xml-stylesheet href='{url('/never')}'?>"))
        ),
        "cut off in an item": Case(Answer(body=rss(item(GOOD), item("x"))[:-80])),
        "tags that cross": Case(Answer(body=rss(item(GOOD, "<b><i>x</b></i>")))),
        "nested without end": Case(Answer(body=rss("<a>" * 50_000, item(GOOD))), count=1),
        "attributes without end": Case(
            Answer(body=rss("<a " + " ".join(f"a{n}=''" for n in range(8_000)) + "/>", item(GOOD)))
        ),
        "a page": Case(Answer(body=b"<!doctype html><title>x</title><p>Hello"), "not a feed"),
        "JSON": Case(Answer(body=b'{"version": "https://jsonfeed.org/version/1"}'), "not a feed"),
        "nothing": Case(Answer(), "not a feed"),
        "noise": Case(Answer(body=bytes(range(256)) * 400), "not a feed"),
        "a feed without items": Case(Answer(body=rss()), titles=()),
    }


def _encodings() -> dict[str, Case]:
    title = "Türkiye – “agreed”"

    def answer(body: bytes, content_type: str = "application/xml") -> Answer:
        return Answer(headers=[("Content-Type", content_type)], body=body)

    def declared(name: str, encoding: str) -> bytes:
        return rss(item(title), head=f"<?xml version='1.0' encoding='{name}'?>", encoding=encoding)

    right = {
        "UTF-8 with a mark": answer(b"\xef\xbb\xbf" + declared("utf-8", "utf-8")),
        "UTF-16": answer(declared("utf-16", "utf-16")),
        "UTF-16 without a mark": answer(declared("utf-16", "utf-16-be")),
        "UTF-32": answer(declared("utf-32", "utf-32")),
        "Windows-1252": answer(declared("windows-1252", "cp1252")),
        "Windows-1252 that says UTF-8": answer(declared("utf-8", "cp1252")),
        "UTF-8 that is sent as Latin-1": answer(
            declared("utf-8", "utf-8"), "application/xml; charset=iso-8859-1"
        ),
        "an encoding that nobody knows": answer(declared("x-none", "utf-8")),
        "space before the declaration": answer(b" \r\n\t" + declared("utf-8", "utf-8")),
        "sent as a page": answer(declared("utf-8", "utf-8"), "text/html; charset=utf-8"),
    }
    return {
        **{name: Case(one, titles=(title,)) for name, one in right.items()},
        "control characters": Case(
            Answer(body=rss(item(f"\x01{GOOD}\x0b"), item("Second\x00 news"))),
            titles=(GOOD, "Second news"),
        ),
        "references to nothing": Case(
            Answer(body=rss(item(f"{GOOD}&#0;&#xD800;&#x99999999;&#{'9' * 5_000};&nosuch;"))),
            count=1,
        ),
    }


def _contents() -> dict[str, Case]:
    two = ("One", "Two")
    dates = ("9999-12-31", "0000-00-00", "1970-01-01", "31 Feb 2026", "-5", "1" * 5_000, "never")

    def numbered(numbers: Iterable[int]) -> list[str]:
        return [item(f"News {number}") for number in numbers]

    return {
        "10,000 entries": Case(Answer(body=rss(*numbered(range(10_000)))), count=10_000),
        "no ids": Case(
            Answer(body=rss("<item><title>One</title></item><item><title>Two</title></item>")),
            titles=two,
        ),
        "one id for all": Case(
            Answer(body=rss(*(item(t, id_="x", link=f"https://example.gov/{t}") for t in two))),
            titles=two,
        ),
        "one entry twice": Case(Answer(body=rss(item(GOOD), item(GOOD)))),
        "a very long id": Case(Answer(body=rss(item(GOOD, id_="x" * MIB)))),
        "a very long title": Case(Answer(body=rss(item("x" * MIB))), count=1),
        "a very long text": Case(Answer(body=rss(item(GOOD, "word " * (MIB // 2))))),
        "absurd dates": Case(
            Answer(body=rss(*(item(date[:9], date=date) for date in dates))), count=len(dates)
        ),
        "items without anything": Case(Answer(body=rss("<item/>" * 1_000, item(GOOD)))),
        "a sanitiser bomb": Case(Answer(body=rss(item(GOOD, "&lt;!--" * 70_000)))),
        "deep nesting": Case(Answer(body=rss(item(GOOD, "&lt;ul&gt;&lt;li&gt;" * 40_000)))),
        "quotes without end": Case(Answer(body=rss(item(GOOD, "&lt;a b='" * 40_000)))),
        "links that run": Case(Answer(body=rss(item(GOOD, link="javascript:x()")))),
        "a feed that has ended": Case(
            Answer(body=rss(item("This feed has ended"))), titles=(), outcome="ended"
        ),
    }
