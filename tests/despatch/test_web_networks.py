"""Who asks, behind proxies or not: only what our own proxies say is believed."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.web.networks import UNKNOWN, network_of

OURS = (ip_network("127.0.0.0/8"), ip_network("::1/128"), ip_network("10.0.0.0/8"))


@pytest.mark.parametrize(
    "peer, forwarded, network",
    [
        ("192.0.2.77", [], "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", [], "2001:db8:1::/48"),
        ("::ffff:192.0.2.77", [], "192.0.2.0/24"),
        ("fe80::1%eth0", [], "fe80::/48"),
        ("127.0.0.1", ["192.0.2.77"], "192.0.2.0/24"),
        ("127.0.0.1", ["203.0.113.9, 192.0.2.77"], "192.0.2.0/24"),
        ("127.0.0.1", ["203.0.113.9", "192.0.2.77, 10.1.1.1"], "192.0.2.0/24"),
        ("::1", ["[2001:db8:1::5]"], "2001:db8:1::/48"),
        ("127.0.0.1", [], "127.0.0.0/24"),
        ("127.0.0.1", ["gibberish"], UNKNOWN),
        ("127.0.0.1", [""], UNKNOWN),
        (None, ["192.0.2.77"], UNKNOWN),
    ],
)
def test_the_network_is_the_one_behind_our_proxies(
    peer: str | None, forwarded: list[str], network: str
) -> None:
    assert network_of(peer, forwarded, OURS) == network


@given(st.lists(st.text(max_size=30), max_size=3))
def test_who_is_no_proxy_of_ours_can_say_what_they_like(headers: list[str]) -> None:
    assert network_of("192.0.2.77", headers, OURS) == "192.0.2.0/24"


@given(st.text(max_size=40))
def test_what_is_written_before_the_last_proxy_s_word_counts_for_nothing(said: str) -> None:
    assert network_of("127.0.0.1", [f"{said}, 192.0.2.77"], OURS) == "192.0.2.0/24"
