"""The usual webhook's URL is read as apprise reads it; whatever else there is, apprise reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from alerts.channels import grammar
from alerts.channels.usual import read_usual

FIELDS = (
    "host",
    "port",
    "secure",
    "method",
    "user",
    "password",
    "verify_certificate",
    "headers",
    "params",
    "payload_extras",
)
HOSTS = st.lists(st.text("abcz019-", min_size=1, max_size=8), min_size=1, max_size=4)
PARTS = st.text("aZ09._-", min_size=1, max_size=6) | st.sampled_from([".", "..", "%41", "a b", ""])
URLS = st.builds(
    "{}://{}{}{}{}".format,
    st.sampled_from(["json", "jsons"]),
    st.one_of(
        st.builds(str.join, st.sampled_from([".", "..", "_"]), HOSTS),
        st.lists(st.integers(0, 260).map(str), min_size=4, max_size=4).map(".".join),
        st.sampled_from(["hooks.example", "a.b-c.xn--p1ai", "localhost"]),
    ),
    st.sampled_from(["", ":1", ":80", ":443", ":8080", ":65535", ":65536", ":99999", ":0"]),
    st.lists(PARTS, max_size=4).map(lambda parts: "".join(f"/{part}" for part in parts)),
    st.sampled_from(["", "?secret=whsec_a1/b%2B%3D", "?secret=a=", "?secret=a&b=c", "?to=x", "/"]),
)


@given(URLS)
def test_what_it_reads_it_reads_as_apprise_does(url: str) -> None:
    usual = read_usual(SecretStr(url))
    if usual is None:
        return
    plugin = grammar.read(SecretStr(url))
    assert {name: getattr(usual, name) for name in FIELDS} == {
        name: getattr(plugin, name) for name in FIELDS
    }
    assert (usual.fullpath or "/") == (plugin.fullpath or "/")


@pytest.mark.parametrize(
    "url",
    [
        "json://hooks.example/in?secret=whsec_AbC/1%2B%3D",
        "jsons://hooks.example:8443/teams/t-1/in",
        "json://127.0.0.1:8080",
    ],
)
def test_the_usual_ones_need_no_apprise(url: str) -> None:
    assert read_usual(SecretStr(url)) is not None


@pytest.mark.parametrize(
    "url",
    [
        "json://user:hunter2@hooks.example/in",
        "json://hooks.example/in?+X-Key=s3cret",
        "json://hooks.example/in?verify=no",
        "json://[::1]/in",
        "mailto://hooks.example",
        "json://hooks.example/a//b",
    ],
)
def test_anything_else_is_apprises(url: str) -> None:
    assert read_usual(SecretStr(url)) is None


def test_it_shows_no_secret() -> None:
    usual = read_usual(SecretStr("json://s3crethost/s3cretpath?secret=whsec_s3cret"))
    assert "s3cret" not in repr(usual)
