"""The processor stage: a revision comes in, its themes and facts go out."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from despatch.canary import is_canary
from despatch.errors import TooLarge
from despatch.fingerprint import digest
from despatch.model import Classified, Revision, ThemeScore
from despatch.ports import Batch, Clock, Message, Outgoing, Reader
from despatch.ports.bus import StartAt
from despatch.topics import CLASSIFIED, MAX_MESSAGE_BYTES, RELEASES, decode, encode, theme_topic
from processors.classify import classify
from processors.facts import FACTS_LANGUAGES, facts_of, facts_within
from processors.facts.lexicon import FACTS_VERSION
from processors.pool import Judge, JudgePool
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

    def __init__(self, themes: Sequence[Theme], clock: Clock, *, judges: int = 1) -> None:
        """Judge in so many processes; with 1 in the stage's own."""
        self._pool = JudgePool(partial(_judge_of, tuple(themes)), judges) if judges > 1 else None
        self._themes = tuple(themes)
        self._clock = clock
        self._stamps = (*(f"{one.id}={one.stamp}" for one in themes), f"facts={FACTS_VERSION}")

    def prepare(self, messages: Sequence[Message]) -> None:
        """Give messages to the judges, which begin at once."""
        if self._pool is not None:
            self._pool.begin(messages, self._clock.now())

    def close(self) -> None:
        """End the judges, if there are any."""
        if self._pool is not None:
            self._pool.close()

    def handle(self, message: Message) -> tuple[Outgoing, ...]:
        """Return what is to be published of one revision.

        Raises PermanentError if the message is no revision, TooLarge if nothing could make the
        classified one fit into a message.
        """
        if self._pool is not None:
            return self._pool.outcome(message, self._clock.now())
        return self.outgoing(self.judged(decode(Revision, message.value)))

    def judged(self, revision: Revision, *, quiet: bool = False) -> Classified:
        """Return a revision with its themes and facts; `quiet`: archived, and told to nobody."""
        release = revision.release
        reading = read(release)
        return Classified(
            id="c-" + digest(revision.id, *self._stamps),
            revision=revision,
            themes=classify(release, self._themes),
            classified_at=self._clock.now(),
            facts=facts_of(release) if reading["language"] in FACTS_LANGUAGES else None,
            quiet=quiet,
            **reading,
        )

    def outgoing(self, classified: Classified) -> tuple[Outgoing, ...]:
        """Return what is to be published of one: everywhere the same, for each topic."""
        value = _encoded(classified)
        themes = () if is_canary(classified) else classified.themes
        topics = (CLASSIFIED, *(theme_topic(score.theme) for score in themes))
        key = classified.revision.release.id
        return tuple(Outgoing(topic, key, value) for topic in topics)

    def finish(
        self,
        reader: Reader,
        batch: Batch,
        results: Sequence[tuple[Outgoing, ...]],
        dead: Sequence[Outgoing],
    ) -> None:
        """Publish what came of a batch, and move on."""
        reader.commit(batch, [*(out for outs in results for out in outs), *dead])


class _Standing:
    """A clock that says the time that a judge is given with each message."""

    def __init__(self) -> None:
        self.at = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def sleep(self, wait: timedelta) -> None:
        """Return at once: judging waits for nothing."""


def _judge_of(themes: tuple[Theme, ...]) -> Judge:
    """Return what judges in a process of the pool: this very stage, without a pool of its own."""
    clock = _Standing()
    stage = Classifying(themes, clock)

    def judge(message: Message, now: datetime) -> tuple[Outgoing, ...]:
        clock.at = now
        return stage.handle(message)

    return judge


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
