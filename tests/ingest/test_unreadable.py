"""Why a document can't be read as a feed, in words that name the place and the way out."""

import feedparser
import pytest

from despatch.errors import PermanentError, TransientError
from ingest.feedparse import parse_feed
from ingest.unreadable import fault_in

ADDRESS = "https://example.gov/feed"
RSS = "<rss version='2.0'><channel>"


def fault(text: str) -> str:
    body = text.encode()
    return fault_in(body, feedparser.parse(body)["bozo_exception"])


@pytest.mark.parametrize(
    "text,words",
    [
        (f"{RSS} <<", "near line 1, column 31: a character stands there that may not"),
        (f"<?xml version='1.0'?>\n{RSS}\n <<", "near line 3, column 3: a character stands"),
        (f"{RSS}<item><title>x", "near line 1, column 43: it breaks off"),
        (f"{RSS}\n<item></channel>", "near line 2, column 9: an end tag closes what was not"),
        (f"{RSS}&foo;", "near line 1, column 29: an entity is used that the feed does not"),
        (f"{RSS}<x:item/>", "near line 1, column 29: a prefix is used whose namespace"),
        (f"{RSS}</channel></rss>x", "near line 1, column 45: more follows after the feed's end"),
    ],
)
def test_a_fault_is_named_by_line_and_column_of_the_feed_itself(text: str, words: str) -> None:
    assert fault(text).startswith(words)


def test_a_feed_that_is_broken_is_named_with_the_place() -> None:
    with pytest.raises(TransientError) as caught:
        parse_feed(f"{RSS} <<".encode(), "", ADDRESS)

    assert str(caught.value) == (
        "broken feed: https://example.gov/feed: near line 1, column 31: a character stands there "
        "that may not"
    )


def test_a_json_feed_is_called_so() -> None:
    body = b'\n{"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": []}'

    with pytest.raises(PermanentError, match=r"^not a feed: .* a JSON Feed, .* RSS or Atom feed$"):
        parse_feed(body, "application/feed+json", ADDRESS)


def test_other_json_is_not_called_a_json_feed() -> None:
    with pytest.raises(PermanentError, match=r"something else than RSS or Atom$"):
        parse_feed(b'{"see": "no version here"}', "application/json", ADDRESS)
