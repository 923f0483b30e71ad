"""The address of a process that says how it is."""

import socket
from collections.abc import Iterator

import pytest

from despatch.errors import OperatorError
from despatch.testing.browser import Browser
from despatch.testing.free_ports import free_port
from despatch.web.health import Checks, HealthServer


@pytest.fixture
def browser() -> Iterator[Browser]:
    port = free_port()
    checks = Checks(live=lambda: "", ready=lambda: "the store is away", metrics=lambda: b"up 1\n")
    with HealthServer("127.0.0.1", port, checks):
        yield Browser(f"http://127.0.0.1:{port}")


def test_the_address_that_up_prints_says_what_is_there(browser: Browser) -> None:
    page = browser.get("/")
    assert page.status == 200
    assert {word for word in page.text.split() if word.startswith("/")} == {
        "/live",
        "/ready",
        "/metrics",
    }


def test_what_is_wrong_is_a_503_with_its_words(browser: Browser) -> None:
    page = browser.get("/ready")
    assert (page.status, page.text) == (503, "the store is away\n")


def test_a_port_in_use_is_said_in_the_system_s_words_alone() -> None:
    checks = Checks(live=lambda: "", ready=lambda: "", metrics=lambda: b"")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = f"can't serve on 127.0.0.1:{port}: Address already in use; choose another"
        with pytest.raises(OperatorError, match=said), HealthServer("127.0.0.1", port, checks):
            pass


def test_no_answer_of_a_stage_names_a_library_or_its_version(browser: Browser) -> None:
    assert "server" not in browser.get("/metrics").headers


def test_a_refusal_is_in_our_words(browser: Browser) -> None:
    assert browser.get("/nowhere").text == "Nothing is here. See what is: /\n"
    assert browser.post("/live").text.startswith("This address can be read, and takes nothing")


@pytest.mark.parametrize(
    "nonsense",
    [
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: abc\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",  # TLS
    ],
)
def test_what_is_no_http_is_refused_in_our_words_and_leaves_nothing_in_the_log(
    caplog: pytest.LogCaptureFixture, nonsense: bytes
) -> None:
    port = free_port()
    with (
        HealthServer("127.0.0.1", port, Checks(lambda: "", lambda: "", lambda: b"")),
        socket.create_connection(("127.0.0.1", port), timeout=30) as asking,
    ):
        asking.sendall(nonsense)
        answer = asking.makefile("rb").read()
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
    assert b"server:" not in answer.lower()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert body.startswith(b"This can't be read as HTTP: send a whole request")
    assert f"Content-Length: {len(body)}\r\n".encode() in head
    assert caplog.records == []


def test_a_fault_of_ours_stands_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> bytes:
        raise ZeroDivisionError

    port = free_port()
    with HealthServer("127.0.0.1", port, Checks(lambda: "", lambda: "", broken)):
        page = Browser(f"http://127.0.0.1:{port}").get("/metrics")
    assert (page.status, page.text.split(".")[0]) == (500, "A fault of Despatch's own")
    assert [record.exc_info is not None for record in caplog.records] == [True]
