"""HTML to text: what stays apart, what goes, and that hostile pages cost linear work."""

import html
import re

import nh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.html import html_to_text, title_to_text
from ingest.text import clean_text


@pytest.mark.parametrize(
    "given_,expected",
    [
        ("<p>One &amp; two</p><p>three", "One & two\n\nthree"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("a<b>b</b>c <i>d</i>", "abc d"),
        ("one\n two", "one two"),
        ("<div>a<div>b</div></div>c", "a\n\nb\n\nc"),
        ("<h2>Head</h2>text", "Head\n\ntext"),
        ("before<ul><li>one</li><li><p>two</p></li></ul>after", "before\n\n- one\n- two\n\nafter"),
        ("<ol><li>one<li>two</ol>", "- one\n- two"),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n\n- b\n\n- c"),
        ("<blockquote><p>q<p>r</blockquote>s", "> q\n\n> r\n\ns"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><th>c<th>d</table>e", "a | b\nc | d\n\ne"),
        ("<table>\n <tr>\n  <td>a</td>\n  <td>b</td>\n </tr>\n</table>", "a | b"),
        ("<pre>a\n  b</pre>c", "a\nb\n\nc"),
        ("a<script>if (a<b) {alert('</p>')}</script>b", "ab"),
        ("a<style>p {color: red}</style>b<!-- c -- d --> e<!---->f<!-->g", "ab efg"),
        ("a<svg><text>drawn</text></svg>b<svg/>c", "abc"),
        ("<a href='x>y' title=\"a > b\">link</a>", "link"),
        ("<a href=x>y</a>>", "y>"),
        ("5 < 6 and <3", "5 < 6 and <3"),
        ("it&#8217;s &nbsp; &lt;b&gt; &copy; &notin; &#xe9;", "it’s <b> © ∉ é"),
        ("&#0;&#xD800;&#1114112;", "\ufffd\ufffd\ufffd"),
        ("<?xml version='1.0'?><!DOCTYPE html><p>x", "x"),
        ("a <p", "a"),
        ("a <!-- never closed <p>b", "a"),
        ("a<script>never closed <p>b", "a"),
        ("", ""),
        ("<p></p> <br> ", ""),
    ],
)
def test_html_becomes_text(given_: str, expected: str) -> None:
    assert html_to_text(given_) == expected


@pytest.mark.parametrize(
    "given_,expected",
    [
        ("AT&amp;T", "AT&T"),
        ("AT&T & others", "AT&T & others"),
        ("A <em>new</em> visa", "A new visa"),
        ("The minister&#8217;s visit", "The minister’s visit"),
        ("x < 5", "x < 5"),
        ("<script>alert(1)</script>Visas", "Visas"),
        (" two\n lines ", "two lines"),
    ],
)
def test_a_title_is_plain(given_: str, expected: str) -> None:
    assert title_to_text(given_) == expected


def test_a_number_with_thousands_of_digits_is_no_character() -> None:
    """int() refuses it, and html.unescape does not catch that."""
    assert html_to_text("a &#" + "9" * 5_000 + "; b") == "a \ufffd b"


_TAGS = st.sampled_from(
    ["p", "div", "b", "i", "a", "span", "ul", "li", "br", "h1", "blockquote", "em", "strong"]
)
_WORDS = st.text(alphabet="abc é&;<>'\"=\n", max_size=8).map(html.escape)
_PIECES = st.one_of(
    _WORDS,
    _TAGS.map(lambda tag: f"<{tag}>"),
    _TAGS.map(lambda tag: f"</{tag}>"),
    st.sampled_from(["<!-- x -->", "<a href='a>b' title=x>", "<script>x</script>", "<img src=x>"]),
)


@given(st.lists(_PIECES, max_size=20).map("".join))
def test_it_reads_the_words_that_a_whole_parser_reads(page: str) -> None:
    """nh3 builds the tree as a browser does; white space and our marks aside, words agree."""
    theirs = html.unescape(nh3.clean(page, tags=set()))

    assert _letters(html_to_text(page)) == _letters(clean_text(theirs))


@given(st.text(alphabet="<>/!-='\"& #;xab\n", max_size=200))
def test_no_page_makes_it_fail(page: str) -> None:
    html_to_text(page)


@pytest.mark.parametrize(
    "bomb",
    [
        "<!--",
        "<ul><li>",
        "<div>",
        "<blockquote>x",
        "<p a='",
        '<p a="',
        "<a b='<a c=\"",
        "<script>",
        "<svg></svg>",
        "</",
        "<a =",
        "&#",
        "&",
        "<td>",
        "\n ",
    ],
)
@pytest.mark.timeout(60)
def test_a_hostile_page_is_read_in_one_pass(bomb: str) -> None:
    """At a megabyte, anything quadratic takes minutes: a tree of `<ul><li>` takes half an hour."""
    html_to_text(bomb * (1_000_000 // len(bomb)))


def _letters(text: str) -> str:
    return re.sub(r"[\s>|-]", "", text)


_SIMPLE = (
    *("<p>", "</p>", '<p class="k">', '<a href="/x y">', "</a>", "<b>", "</b>", "<em>", "</em>"),
    *('<span class="a b">', "</span>", "word", "w.", " ", "\n", " \n", "&amp;", "&lt;p&gt;"),
    *("&nbsp;", "\u00a0", "&#10;", "&#x2028;", "\u2029", "\u200b", "\x1c", "\x85", "é", "e\u0301"),
)


@given(st.lists(st.sampled_from(_SIMPLE), max_size=12).map("".join))
def test_simple_html_is_read_as_all_html_is(given_: str) -> None:
    """An unfinished comment at the end says nothing, and makes any HTML take the long way."""
    assert html_to_text(given_ + "<p></p>") == html_to_text(given_ + "<p></p><!-- -->")
