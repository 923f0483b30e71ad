"""Adding a feed: what its source is called, and what a person is told who mistyped it."""

import pytest

from despatch.app import App
from despatch.app.adding import add_feed
from despatch.errors import UsageError


@pytest.mark.parametrize(
    "address, id_",
    [
        ("https://www.gov.uk/search/x.atom", "www.gov.uk-search-x.atom"),
        ("https://Example.GOV/Feed/?a=1&b=2", "example.gov-feed-a-1-b-2"),
        ("https://example.gov/" + "x" * 200, "example.gov-" + "x" * 88),
    ],
)
def test_a_feed_is_called_as_its_address(installed: App, address: str, id_: str) -> None:
    source, new = add_feed(installed, address, None)

    assert (source.id, new) == (id_, True)
    assert source.settings == {"address": address}


def test_the_same_name_again_changes_nothing(installed: App) -> None:
    add_feed(installed, "https://example.gov/a", "visas")

    _source, new = add_feed(installed, "https://example.gov/b", "visas")

    assert not new
    with installed.store.transaction() as tx:
        [(kept, _health, _due)] = tx.sources()
    assert kept.settings == {"address": "https://example.gov/a"}


@pytest.mark.parametrize(
    "address, name, says",
    [
        ("https://example.gov/a", "My Feed", "--name NAME"),
        ("example.gov/a", None, "not an http or https address"),
        ("https://me:hunter2@example.gov/a", "a", "remove it"),
        ("https://me:hunter2@example.gov/a", None, "remove it"),
    ],
)
def test_a_mistake_is_said_with_the_way_out(
    installed: App, address: str, name: str | None, says: str
) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        add_feed(installed, address, name)

    assert "hunter2" not in str(caught.value)
    with installed.store.transaction() as tx:
        assert tx.sources() == []
