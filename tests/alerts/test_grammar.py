"""apprise's own log lines hold channels' URLs: none reaches a handler, whoever's thread it is."""

import logging
import threading

import pytest

from alerts.channels.grammar import muffled


def test_a_plugins_own_thread_is_kept_from_the_log_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with muffled() as lines:
        logging.getLogger("apprise").warning("sent to json://s3cret")
        other = threading.Thread(target=logging.getLogger("apprise").debug, args=("s3cret",))
        other.start()
        other.join()
    logging.getLogger("apprise").error("later, to json://s3cret")
    assert lines == ["sent to json://s3cret"]
    assert caplog.records == []
