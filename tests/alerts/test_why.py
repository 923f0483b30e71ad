"""Why a subscription was told, or was not: the records first, then the filter."""

from datetime import timedelta
from typing import Any

import pytest

from alerts.why import why
from despatch.filter import Filter
from despatch.model import Attempt, Delivery, DeliveryId, Match
from despatch.ports import Place, Taken, Trace
from despatch.testing.releases import SEEN, a_classified, a_revision
from despatch.testing.subscribers import a_channel, a_match, a_subscription, an_alert

PLACE = Place("cluster-a", "despatch.classified.v1", "topic-1", 0)
ASKED = a_subscription()
CLASSIFIED = a_classified()
ALERT = an_alert(CLASSIFIED, subscriptions=(ASKED.id,))


def way(
    *matches: Match, verdict: str = "new: the first sight", deliveries: Any = (), **changed: Any
) -> Trace:
    taken = Taken(changed.pop("classified", CLASSIFIED), PLACE, 0, SEEN, verdict)
    return Trace([taken], matches, [ALERT], deliveries)


def delivery(state: Any, *outcomes: Any, reason: str = "") -> tuple[Delivery, str]:
    attempts = tuple(
        Attempt(at=SEEN, took_ms=5, outcome=outcome, reason=f"it was {outcome}")
        for outcome in outcomes
    )
    made = Delivery(
        id=DeliveryId("y-1"),
        alert=ALERT.id,
        channel=a_channel().id,
        state=state,
        reason=reason,
        attempts=attempts,
        not_before=SEEN,
    )
    return made, "json://…3fa9"


TOLD = a_match(CLASSIFIED, ASKED)


@pytest.mark.parametrize(
    "sent, answer, said",
    [
        (
            delivery("delivered", "temporary", "delivered"),
            "yes",
            "Yes, delivered: as new over json://…3fa9, y-1: tried 2 times, last delivered",
        ),
        (delivery("waiting"), "waits", "Not delivered yet: as new over json://…3fa9, y-1: not tr"),
        (
            delivery("failed", "permanent"),
            "no",
            "No, not delivered: as new over json://…3fa9, y-1: ",
        ),
        (
            delivery("cancelled", reason="the channel was removed"),
            "no",
            "No, not delivered: as new over json://…3fa9, y-1: not tried yet; cancelled: the ",
        ),
    ],
)
def test_what_was_told_ends_with_its_delivery(sent: Any, answer: str, said: str) -> None:
    found = why(ASKED, way(TOLD, deliveries=[sent]))
    assert found.answer == answer
    assert found.said.startswith(said)
    assert [step.asked for step in found.seen[0].steps] == ["told?", "delivered?"]


def test_what_was_held_back_says_the_recorded_reason() -> None:
    held = a_match(CLASSIFIED, ASKED, outcome="held", event=None, reason="it matches; told already")
    found = why(ASKED, way(held))
    assert (found.answer, found.said) == ("no", "No, not told: it matches; told already")


def test_without_a_record_the_filter_says_what_was_missing() -> None:
    asked = a_subscription(
        filter=Filter.model_validate(
            {"themes": {"any": ["migration"]}, "phrases": {"all": [{"text": "passport"}]}}
        )
    )
    found = why(asked, way())
    assert [(step.asked, step.answer) for step in found.seen[0].steps] == [
        ("themes?", "yes"),
        ("phrases?", "no"),
    ]
    assert found.said == "No, phrases: it lacks “passport”"


@pytest.mark.parametrize(
    "asked, trace, said",
    [
        (a_subscription(created_at=SEEN + timedelta(days=1)), way(), "was made later, on 3 March"),
        (ASKED, way(verdict="nothing: the same text again"), "news to nobody: nothing: the same"),
        (ASKED, way(classified=a_classified(a_revision(backlog=True))), "before the source was"),
        (a_subscription(state="paused"), way(), "the subscription is paused"),
        (ASKED, way(), "asked for something else than theme:migration"),
    ],
)
def test_without_a_record_of_what_matches_now_the_cause_is_said(
    asked: Any, trace: Trace, said: str
) -> None:
    found = why(asked, trace)
    assert found.answer == "no"
    assert said in found.said


def test_anothers_match_and_alert_say_nothing() -> None:
    other = a_subscription(name="other")
    found = why(other, way(TOLD, deliveries=[delivery("delivered", "delivered")]))
    assert found.answer == "no"
