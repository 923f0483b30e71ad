"""Webhooks' signatures: what a receiver checks with five lines of its own."""

import base64
import hmac
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.channels.signature import read_secret, signed
from despatch.errors import UsageError
from despatch.testing.releases import SEEN

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


PAGE = Path(__file__).parents[2] / "docs" / "reference" / "webhook.md"


def test_a_receiver_checks_it_as_the_reference_says() -> None:
    """The function that stands there is run: it takes ours, and nothing changed or old."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    page: dict[str, Any] = {}
    exec(code, page)
    now, body = datetime.now(UTC), b'{"version": 1}'

    def genuine(at: datetime, came: bytes, secret: str) -> bool:
        headers = {"webhook-id": "y-1", **signed(read_secret(SECRET), "y-1", body, at)}
        return bool(page["genuine"](headers, came, secret))

    assert genuine(now, body, SECRET)
    assert not genuine(now, b'{"version": 2}', SECRET)
    assert not genuine(now, body, "whsec_" + base64.b64encode(b"x" * 32).decode())
    assert not genuine(now - timedelta(minutes=10), body, SECRET)


def test_it_is_that_of_the_specification_s_own_example() -> None:
    """https://github.com/standard-webhooks/standard-webhooks: its libraries' shared test."""
    key = read_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    mac = hmac.new(key, b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}', "sha256")
    at = SEEN.fromtimestamp(1614265330, SEEN.tzinfo)
    headers = signed(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', at)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert base64.b64decode(headers["webhook-signature"][3:]) == mac.digest()


def test_another_body_key_id_or_second_has_another_signature() -> None:
    key = read_secret(SECRET)
    signatures = {
        signed(a_key, id_, body, at)["webhook-signature"]
        for a_key, id_, body, at in (
            (key, "y-1", b"a", SEEN),
            (key, "y-1", b"b", SEEN),
            (key, "y-2", b"a", SEEN),
            (key, "y-1", b"a", SEEN + timedelta(seconds=1)),
            (b"x" * 32, "y-1", b"a", SEEN),
        )
    }
    assert len(signatures) == 5


@pytest.mark.parametrize("text", ["", "hunter2", "whsec_", "whsec_c2hvcnQ=", "whsec_????"])
def test_what_is_no_secret_is_refused_without_it_and_says_how_to_make_one(text: str) -> None:
    with pytest.raises(UsageError, match="openssl rand") as caught:
        read_secret(text)
    assert "hunter2" not in str(caught.value)


def test_a_plus_sign_that_a_url_has_turned_into_a_blank_is_read_right() -> None:
    key = b"\xfb\xef\xbe" * 8
    text = "whsec_" + base64.b64encode(key).decode()
    assert "+" in text
    assert read_secret(text.replace("+", " ")) == key
