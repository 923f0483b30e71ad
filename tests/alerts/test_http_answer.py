"""The answer to a POST: its status is read, and where the next one begins or that it is unsure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channels.http_answer import MOST_BODY, MOST_HEAD, Answer, NotHttp

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

# What came, and the status, whether it is over, whether the connection stays.
ANSWERS = {
    "nothing yet": (b"", 0, False, False),
    "half a head": (OK + b"Content-Le", 0, False, False),
    "no body": (OK + b"Content-Length: 0\r\n\r\n", 200, True, True),
    "a body": (OK + b"content-length:2 \r\nX: y\r\n\r\nok", 200, True, True),
    "half a body": (OK + b"Content-Length: 2\r\n\r\no", 200, False, False),
    "more than its body": (OK + b"Content-Length: 2\r\n\r\nokHTTP", 200, True, False),
    "the same length twice": (
        OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok",
        200,
        True,
        True,
    ),
    "two lengths": (OK + b"Content-Length: 2\r\nContent-Length: 0\r\n\r\n", 200, False, False),
    "a length that is none": (OK + b"Content-Length: -1\r\n\r\n", 200, False, False),
    "a body too long to read": (
        OK + b"Content-Length: %d\r\n\r\n" % (MOST_BODY + 1),
        200,
        True,
        False,
    ),
    "no end said": (OK + b"\r\nok", 200, False, False),
    "no end said, and long": (OK + b"\r\n" + b"x" * (MOST_BODY + 1), 200, True, False),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, True, True),
    "no reason": (b"HTTP/1.1 503\r\nContent-Length: 0\r\n\r\n", 503, True, True),
    "bare line feeds": (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, True, True),
    "about to close": (
        OK + b"Connection: Keep-Alive, Close\r\nContent-Length: 0\r\n\r\n",
        200,
        True,
        False,
    ),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 200, True, False),
    "another protocol agreed to": (
        b"HTTP/1.1 101 Switching\r\nContent-Length: 0\r\n\r\n",
        101,
        True,
        False,
    ),
    "a preliminary answer": (b"HTTP/1.1 100 Continue\r\n\r\n", 0, False, False),
    "an answer after it": (
        b"HTTP/1.1 103 Early\r\nContent-Length: 9\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n",
        200,
        True,
        True,
    ),
    "chunks": (CHUNKED + b"2\r\nok\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", 200, True, True),
    "chunks to come": (CHUNKED + b"2\r\nok\r\n0\r\n", 200, False, False),
    "an end within a chunk": (CHUNKED + b"7\r\n0\r\n\r\n", 200, False, False),
    "a chunk with more than it says": (CHUNKED + b"2\r\nokay\r\n0\r\n\r\n", 200, True, False),
    "a chunk without a length": (CHUNKED + b"-2\r\nok\r\n", 200, True, False),
    "more than its chunks": (CHUNKED + b"0\r\n\r\nHTTP", 200, True, False),
    "a trailer": (CHUNKED + b"0\r\nX: y\r\n\r\n", 200, True, False),
    "chunks and a length": (
        OK + b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
        200,
        False,
        False,
    ),
    "another coding": (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 200, False, False),
}


def fed(*pieces: bytes) -> Answer:
    answer = Answer()
    for piece in pieces:
        answer.feed(piece)
    return answer


def known(answer: Answer) -> tuple[int, bool, bool]:
    return answer.status, answer.over, answer.reusable


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_read_as_far_as_is_sure(name: str) -> None:
    came, *expected = ANSWERS[name]
    assert known(fed(came)) == tuple(expected)


@given(st.sampled_from(sorted(ANSWERS)), st.data())
def test_into_which_pieces_it_falls_makes_no_difference(name: str, data: st.DataObject) -> None:
    came = ANSWERS[name][0][:2_000]
    cuts = sorted(data.draw(st.sets(st.integers(0, len(came)), max_size=8)))
    pieces = [came[a:b] for a, b in zip([0, *cuts], [*cuts, len(came)], strict=True)]
    whole, answer = fed(came), Answer()
    for piece in pieces:
        if not answer.over:  # then its connection is gone, or whatever comes was not asked for
            answer.feed(piece)
    assert answer.status == whole.status
    assert not answer.reusable or whole.reusable or "more than" in name


@pytest.mark.parametrize(
    "came",
    [
        b"SSH-2.0-x\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200OK\r\n\r\n",
        OK + b"X: y\r\n" * MOST_HEAD,
        OK + b"X: y\r\n" * MOST_HEAD + b"\r\n",
    ],
)
def test_what_is_no_answer_is_refused(came: bytes) -> None:
    with pytest.raises(NotHttp):
        fed(came)


def test_nothing_of_a_body_is_waited_for_after_head() -> None:
    answer = Answer(with_body=False)
    answer.feed(OK + b"Content-Length: 900\r\n\r\n")
    assert known(answer) == (200, True, True)


def test_the_wait_that_is_asked_for_is_read() -> None:
    assert fed(OK + b"retry-after:  120 \r\n\r\n").retry_after == "120"
    assert fed(OK + b"X: y\r\n\r\n").retry_after is None
