import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from despatch.errors import PermanentError, TooLarge
from despatch.facts import Facts
from despatch.fingerprint import release_id
from despatch.model import Classified, Release, Revision
from despatch.ports import Batch, Message, Outgoing, Place
from despatch.signature import similarity
from despatch.stages import Stage
from despatch.testing import FakeClock, a_release, a_revision
from despatch.topics import CLASSIFIED, DEAD, MAX_MESSAGE_BYTES, RELEASES, decode, encode
from processors.classify import judge
from processors.facts import facts_of
from processors.stage import Classifying
from processors.themes import load_themes

THEMES = load_themes()
BOATS = a_release(
    title="New treaty on illegal migration",
    text="The UK and France signed a treaty to stop small boats and return illegal migrants.",
)


def a_message(value: bytes, offset: int = 0) -> Message:
    return Message(RELEASES, 0, offset, "r-1", value, (), FakeClock().now())


def a_stage() -> Classifying:
    stage: Stage[tuple[Outgoing, ...]] = Classifying(THEMES, FakeClock())  # it is a Stage
    assert isinstance(stage, Classifying)
    return stage


@dataclass
class Committed:
    """A reader that only remembers what was committed."""

    commits: list[tuple[Batch, list[Outgoing]]] = field(default_factory=list)

    def poll(
        self, wait: timedelta, *, max_messages: int = 500, max_bytes: int = 8_000_000
    ) -> Sequence[Batch]:
        return ()

    def commit(self, batch: Batch, outgoing: Sequence[Outgoing] = ()) -> None:
        self.commits.append((batch, list(outgoing)))

    def rewind(self, batch: Batch) -> None: ...

    def idle(self, wait: timedelta) -> None: ...

    def close(self) -> None: ...


def test_a_revision_goes_to_the_classified_topic_and_to_each_of_its_themes() -> None:
    revision = a_revision(BOATS)
    outs = a_stage().handle(a_message(encode(revision)))
    assert [out.topic for out in outs] == [
        CLASSIFIED,
        "despatch.theme.migration.v1",
        "despatch.theme.partnerships.v1",
    ]
    assert {out.key for out in outs} == {BOATS.id}
    classified = decode(Classified, outs[0].value)
    assert classified.revision == revision
    assert [score.theme for score in classified.themes] == ["migration", "partnerships"]
    stamps = {str(theme.id): theme.stamp for theme in THEMES}
    assert [score.version for score in classified.themes] == [
        stamps["migration"],
        stamps["partnerships"],
    ]


def test_the_classified_release_carries_what_it_says() -> None:
    facts = decode(
        Classified, a_stage().handle(a_message(encode(a_revision(BOATS))))[0].value
    ).facts
    assert facts is not None
    assert facts == facts_of(BOATS)
    assert [(one.code, one.role) for one in facts.countries] == [("GB", "party"), ("FR", "party")]
    assert [one.instrument for one in facts.agreements] == ["treaty"]


def test_facts_of_a_release_that_is_not_in_english_are_none() -> None:
    text = (
        "Le gouvernement de la France et celui de la Suisse ont signé un accord sur les visas. " * 9
    )
    release = a_release(title="Un accord entre la France et la Suisse", text=text)
    value = a_stage().handle(a_message(encode(a_revision(release))))[0].value
    assert decode(Classified, value).facts is None


def test_facts_that_find_no_room_beside_a_title_are_left_out() -> None:
    title = ("France " + "x" * 93 + " ") * 6_900
    revision = a_revision(a_release(title=title, text="x"))
    title += "x" * (MAX_MESSAGE_BYTES - len(encode(revision)) - 300)
    revision = a_revision(a_release(title=title, text="x"))
    assert decode(Classified, a_stage().handle(a_message(encode(revision)))[0].value).facts is None


def test_a_revision_without_a_theme_goes_to_the_classified_topic_alone() -> None:
    outs = a_stage().handle(a_message(encode(a_revision(a_release(title="Bridge", text="Open.")))))
    assert [out.topic for out in outs] == [CLASSIFIED]


def test_the_same_revision_and_themes_give_the_same_id_and_other_themes_another() -> None:
    message = a_message(encode(a_revision(BOATS)))
    ids = {decode(Classified, a_stage().handle(message)[0].value).id for _ in range(2)}
    fewer = Classifying(THEMES[:1], FakeClock()).handle(message)
    assert len(ids) == 1
    assert decode(Classified, fewer[0].value).id not in ids


def test_a_message_that_is_no_revision_can_never_be_handled() -> None:
    with pytest.raises(PermanentError, match="not a Revision"):
        a_stage().handle(a_message(b'{"id": 1}'))


def test_a_batch_is_committed_with_all_that_came_of_it_and_its_dead_letters() -> None:
    message = a_message(encode(a_revision(BOATS)))
    batch = Batch(Place("c", RELEASES, "t", 0), 0, 1, (message,))
    outs = a_stage().handle(message)
    dead = Outgoing(DEAD, "r-2", b"x")
    reader = Committed()
    a_stage().finish(reader, batch, [outs, outs], [dead])
    assert reader.commits == [(batch, [*outs, *outs, dead])]


WORST = [
    "illegal migrants and the UK and France signed a treaty\n\n" * 9_000,  # evidence everywhere
    '"\\\n' * 160_000,  # every character is escaped
    "é“”–" * 100_000,  # several bytes a character
]


@pytest.mark.parametrize("text", WORST, ids=["evidence", "escapes", "bytes"])
def test_the_classified_message_fits_whatever_fits_as_a_release(text: str) -> None:
    """The text is cut as little as needed, and what evidence is left stands in it."""

    def revision_of(text: str) -> Revision:
        return a_revision(a_release(title="Illegal migration", text=text))

    while (size := len(encode(revision_of(text)))) > MAX_MESSAGE_BYTES:
        text = text[: len(text) * MAX_MESSAGE_BYTES // size - 100]
    fill = revision_of(text + "x" * (MAX_MESSAGE_BYTES - size))
    assert len(encode(fill)) == MAX_MESSAGE_BYTES
    outs = a_stage().handle(a_message(encode(fill)))
    assert max(len(out.value) for out in outs) <= MAX_MESSAGE_BYTES
    classified = decode(Classified, outs[0].value)
    release = classified.revision.release
    assert release.truncated
    assert fill.release.text.startswith(release.text)
    assert len(release.text) > len(fill.release.text) - 40_000
    assert classified.facts is not None
    facts = [fact for kind in Facts.model_fields for fact in getattr(classified.facts, kind)]
    for found in (*classified.themes, *facts):
        for one in found.evidence:
            assert getattr(release, one.field)[one.start : one.end] == one.text


def test_a_release_that_is_all_title_and_too_large_is_a_dead_letter() -> None:
    revision = a_revision(a_release(title="migrants " * 77_700, text=""))
    with pytest.raises(TooLarge, match="no room in a message"):
        a_stage().handle(a_message(encode(revision)))


def test_scores_are_plain_json() -> None:
    out = a_stage().handle(a_message(encode(a_revision(BOATS))))[0]
    scores = json.loads(out.value)["themes"]
    assert all(0 <= score["score"] <= 1 and score["evidence"] for score in scores)


WELSH = a_release(
    title="Porthladdoedd newydd",
    address="https://www.gov.uk/government/news/ports.cy",
    text="Dywedodd swyddfa'r harbwr heddiw y bydd y ffi am ymweliad yn codi ym mis Ebrill. Bydd yn "
    "cael ei defnyddio i drwsio'r ddau oleudy ar yr arfordir, a gafodd eu difrodi gan y storm. "
    "Illegal migration, small boats, asylum seekers.",
)


def classified_of(release: Release) -> Classified:
    return decode(Classified, a_stage().handle(a_message(encode(a_revision(release))))[0].value)


def test_a_release_in_another_language_is_passed_on_unjudged_and_tied_to_its_english_one() -> None:
    found = classified_of(WELSH)
    assert found.themes == ()
    assert found.language == "cy"
    assert found.translation_of == release_id("https://www.gov.uk/government/news/ports")


def test_an_english_release_says_so_and_is_no_translation() -> None:
    found = classified_of(BOATS)
    assert (found.language, found.translation_of) == ("en", None)


def test_near_copies_are_alike_by_their_signatures_whatever_their_footers_say() -> None:
    body = " ".join(f"The harbour opens lock {n} for boats." for n in range(40))
    contact = "\n\nMedia enquiries 0300 7777 000\n\nShare this page"
    copy, other = (
        a_release("a", title="T", text=body),
        a_release("b", title="T", text=body + contact),
    )
    one, two = classified_of(copy).signature, classified_of(other).signature
    assert similarity(one, two) == 1.0
    assert similarity(one, classified_of(BOATS).signature) < 0.1


def test_words_in_a_footer_make_no_theme() -> None:
    """A press office that is called "migration" is in none of what it publishes by that."""
    footer = "\n".join(["Migration press office: 0300 7777 000"] * 3)
    text = f"The bridge opens on Friday, said the mayor of the town.\n\n{footer}"
    plain = text.replace(": 0300 7777 000", " is open, it said.")
    [migration] = load_themes(only=["migration"])
    assert judge("Bridge", text, migration).evidence == ()
    assert judge("Bridge", plain, migration).evidence
