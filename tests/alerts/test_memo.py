"""What is the same for everybody is made once."""

from collections import Counter
from typing import Any

from alerts.memo import Memo
from alerts.messages import Messages, Templates
from alerts.messages.forms import Form
from despatch.model import DeliveryId, SubscriptionId
from despatch.testing import a_classified
from despatch.testing.subscribers import a_subscriber, an_alert

MESSAGES = Messages()


def test_what_was_made_of_an_object_is_not_made_again() -> None:
    made = Counter[str]()

    def make() -> int:
        made["x"] += 1
        return made["x"]

    memo, thing = Memo[int](2), object()
    assert [memo.of(thing, "a", make), memo.of(thing, "a", make)] == [1, 1]
    assert memo.of(thing, "b", make) == 2, "what else decides is another thing"
    assert memo.of(object(), "a", make) == 3, "an equal object is not the same one"
    assert memo.of(thing, "a", make) == 4, "the one that was asked for least lately has gone"


def test_alerts_about_one_release_share_what_they_say_and_nothing_personal() -> None:
    about = a_classified()
    ours = an_alert(about, reason="Ada asked.", subscriptions=(SubscriptionId("s-ada"),))
    theirs = an_alert(about, a_subscriber("bob"), reason="Bob asked.")
    assert MESSAGES.said(ours) is MESSAGES.said(theirs)
    assert "Ada asked." in MESSAGES.text(ours, DeliveryId("y-1"))
    text = MESSAGES.text(theirs, DeliveryId("y-2"))
    assert "Bob asked." in text
    for personal in ("Ada asked.", "s-ada", "y-1"):
        assert personal not in text


class Counting(Templates):
    """The built-in templates, counting what they render."""

    def __init__(self) -> None:
        super().__init__()
        self.rendered = Counter[str]()

    def render(self, kind: str, form: Form, /, **values: Any) -> str:
        self.rendered[f"{kind} {form}"] += 1
        return super().render(kind, form, **values)


def test_a_message_is_rendered_once_for_all_who_get_it_in_each_form() -> None:
    templates, about = Counting(), a_classified()
    messages = Messages(templates)
    for number in range(20):
        alert = an_alert(about, a_subscriber(f"s{number}"), reason=f"Number {number} asked.")
        mail = messages.mail(alert, DeliveryId(f"y-{number}"))
        assert f"Number {number} asked.".encode() in mail.html
        assert f"y-{number}" in messages.encoded(alert, DeliveryId(f"y-{number}")).decode()
        assert f"Number {number} asked." in messages.chat(alert, DeliveryId(f"y-{number}"))
    assert templates.rendered == {"release text": 1, "release html": 1, "release chat": 1}


def test_another_event_or_change_is_another_message() -> None:
    about = a_classified()
    new, revised = an_alert(about), an_alert(about, event="revised", changed="A figure.")
    other = an_alert(about, event="revised", changed="A date.")
    assert len({MESSAGES.text(one, DeliveryId("y")) for one in (new, revised, other)}) == 3
