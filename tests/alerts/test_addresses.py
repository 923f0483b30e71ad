"""Addresses: those that every mail server takes, and whose mailbox they fill."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from alerts.addresses import email_address, mailbox_of
from despatch.errors import UsageError


@pytest.mark.parametrize(
    "typed, kept",
    [
        ("ada@example.org", "ada@example.org"),
        (" Ada.Lovelace+news@EXAMPLE.org\n", "Ada.Lovelace+news@example.org"),
        ("a/b=c{d}@mail.example.co.uk", "a/b=c{d}@mail.example.co.uk"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
    ],
)
def test_an_address_is_kept_as_it_was_typed(typed: str, kept: str) -> None:
    assert email_address(typed).get_secret_value() == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ada",
        "ada@localhost",
        "ada@192.0.2.1",
        "ada@[192.0.2.1]",
        "a da@example.org",
        "ada@example.org,bob@example.org",
        "ada@example.org?cc=bob@example.org",
        "ada@example.org\r\nBcc: bob@example.org",
        "ada@@example.org",
        ".ada@example.org",
        "ada..l@example.org",
        "ada@-example.org",
        "ada@exa_mple.org",
        '"ada"@example.org',
        "Ada <ada@example.org>",
        "ädä@example.org",
        "a" * 65 + "@example.org",
        "a@" + "b." * 130 + "org",
    ],
)
def test_what_is_no_address_is_refused_without_being_shown(typed: str) -> None:
    with pytest.raises(UsageError) as caught:
        email_address(typed)
    assert typed.strip() == "" or typed.strip() not in str(caught.value).replace("you@", "")


@given(st.text(max_size=60))
def test_whatever_is_typed_is_an_address_or_refused(text: str) -> None:
    try:
        address = email_address(text).get_secret_value()
    except UsageError:
        return
    assert address.isascii()
    assert not set(address) & set(" \r\n,<>\"'()[];:\\")  # nothing that ends it in a mail's header


@pytest.mark.parametrize(
    "address, mailbox",
    [
        ("ada@example.org", "ada@example.org"),
        ("Ada+news@example.org", "ada@example.org"),
        ("ada+a+b@example.org", "ada@example.org"),
        ("+x@example.org", "+x@example.org"),
    ],
)
def test_what_stands_behind_a_plus_sign_is_the_same_mailbox(address: str, mailbox: str) -> None:
    assert mailbox_of(SecretStr(address)).get_secret_value() == mailbox
