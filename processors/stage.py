"""The processor stage: a revision comes in, its themes and facts go out."""

from collections.abc import Sequence

from despatch.errors import TooLarge
from despatch.fingerprint import digest
from despatch.model import Classified, Revision, ThemeScore
from despatch.ports import Batch, Clock, Message, Outgoing, Reader
from despatch.ports.bus import StartAt
from despatch.topics import CLASSIFIED, MAX_MESSAGE_BYTES, RELEASES, decode, encode, theme_topic
from processors.classify import classify
from processors.facts import FACTS_LANGUAGES, facts_of, facts_within
from processors.facts.lexicon import FACTS_VERSION
from processors.reading import read
from processors.themes import Theme


class Classifying:
    """Reads releases; writes each, with its themes, its facts and their evidence.

    Every revision goes to `despatch.classified.v1`, whether it has a theme or not, and also to
    the topic of each theme that it belongs to.
    """

    name = "processors"
    topics: Sequence[str] = (RELEASES,)
    group = "despatch.processors"
    start_at: StartAt | None = None

    def __init__(self, themes: Sequence[Theme], clock: Clock) -> None:
        self._themes = tuple(themes)
        self._clock = clock
        self._stamps = (*(f"{one.id}={one.stamp}" for one in themes), f"facts={FACTS_VERSION}")

    def handle(self, message: Message) -> tuple[Outgoing, ...]:
        """Return what is to be published of one revision.

        Raises PermanentError if the message is no revision, TooLarge if nothing could make the
        classified one fit into a message.
        """
        revision = decode(Revision, message.value)
        themes = classify(revision.release, self._themes)
        reading = read(revision.release)
        readable = reading["language"] in FACTS_LANGUAGES
        facts = facts_of(revision.release) if readable else None
        value = _encoded(
            Classified(
                id="c-" + digest(revision.id, *self._stamps),
                revision=revision,
                themes=themes,
                classified_at=self._clock.now(),
                facts=facts,
                **reading,
            )
        )
        topics = (CLASSIFIED, *(theme_topic(score.theme) for score in themes))
        return tuple(Outgoing(topic, revision.release.id, value) for topic in topics)

    def finish(
        self,
        reader: Reader,
        batch: Batch,
        results: Sequence[tuple[Outgoing, ...]],
        dead: Sequence[Outgoing],
    ) -> None:
        """Publish what came of a batch, and move on."""
        reader.commit(batch, [*(out for outs in results for out in outs), *dead])


def _encoded(classified: Classified) -> bytes:
    """Return the message's value; a text that leaves no room for evidence and facts is cut.

    The release is then marked `truncated`. It was judged whole: the score stays, and what has its
    evidence behind the cut is left out. Facts that find no room beside the title are left out.
    """
    value = encode(classified)
    excess = len(value) - MAX_MESSAGE_BYTES
    if excess <= 0:
        return value
    release = classified.revision.release
    kept = len(release.text) - excess - len('"truncated":false')
    if kept < 0 and classified.facts is not None:
        return _encoded(classified.model_copy(update={"facts": None}))
    if kept < 0:
        raise TooLarge(
            f"{release.id} has no room in a message: {len(value)} bytes, the limit is "
            f"{MAX_MESSAGE_BYTES}, and its text is only {len(release.text)} characters"
        )
    cut = release.model_copy(update={"text": release.text[:kept], "truncated": True})
    revision = classified.revision.model_copy(update={"release": cut})
    themes = tuple(_within(score, kept) for score in classified.themes)
    facts = classified.facts and facts_within(classified.facts, kept)
    update = {"revision": revision, "themes": themes, "facts": facts}
    return encode(classified.model_copy(update=update))


def _within(score: ThemeScore, kept: int) -> ThemeScore:
    evidence = tuple(e for e in score.evidence if e.field == "title" or e.end <= kept)
    return score.model_copy(update={"evidence": evidence})
