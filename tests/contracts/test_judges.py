"""The processors with judges of their own, on every log: as if the stage had judged by itself."""

import multiprocessing
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from despatch.model import Classified
from despatch.ports import Bus, Message, Outgoing
from despatch.runner import Runner
from despatch.testing import FakeClock, a_release, a_revision
from despatch.testing.buses import BusUnderTest, local_bus
from despatch.testing.kafka_broker import SESSION, KafkaBroker, forget_records, open_kafka_bus
from despatch.topics import CLASSIFIED, DEAD, decode, encode, topic_specs
from processors.stage import Classifying
from processors.themes import load_themes

pytestmark = pytest.mark.slow

THEMES = load_themes(only=["migration"])
RELEASES = 60


@pytest.fixture(scope="module")
def own_broker(kafka_here: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A broker of our own: what the stage writes goes to the topics that all of Despatch has."""
    with KafkaBroker(tmp_path_factory.mktemp("judges")) as broker:
        yield broker


@pytest.fixture(params=["local", pytest.param("kafka", marks=pytest.mark.kafka)])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BusUnderTest]:
    """One log of each kind."""
    if request.param == "local":
        under_test = local_bus(tmp_path)
    else:
        broker: KafkaBroker = request.getfixturevalue("own_broker")
        under_test = BusUnderTest(
            ",".join(broker.servers), open_kafka_bus, forget_records, session=SESSION
        )
    with closing(under_test):
        yield under_test


class Murdered(Classifying):
    """A stage of which one judge is killed as soon as it has something in hand."""

    def prepare(self, messages: Sequence[Message]) -> None:
        super().prepare(messages)
        for judge in multiprocessing.active_children()[:1]:
            os.kill(judge.pid or 0, 9)


def published(bus: Bus, topic: str) -> list[tuple[str, str]]:
    """Publish revisions of a few releases, and one that is none; return key and id of each."""
    made = []
    for number in range(RELEASES):
        release = a_release(f"r{number % 7}", title=f"Migrants {number}", text="Small boats.")
        made.append(a_revision(release, number=number + 1))
    bus.publish([Outgoing(topic, one.release.id, encode(one)) for one in made])
    bus.publish([Outgoing(topic, "r-none", b"no revision")])
    return [(one.release.id, one.id) for one in made]


@pytest.mark.parametrize("kind", [Classifying, Murdered])
def test_judges_lose_nothing_keep_the_order_of_a_key_and_bury_what_is_wrong(
    log: BusUnderTest, kind: type[Classifying]
) -> None:
    bus, topic = log.open(), log.topic()
    bus.create_topics(topic_specs([theme.id for theme in THEMES]))
    before = {name: len(list(bus.browse(name))) for name in (CLASSIFIED, DEAD)}
    expected = published(bus, topic)

    with closing(kind(THEMES, FakeClock(), judges=2)) as stage:
        stage.topics, stage.group = (topic,), log.group()
        runner = Runner(stage, bus, FakeClock())
        stop = threading.Event()

        def on_idle() -> None:
            if runner.handled > RELEASES:
                stop.set()

        runner.run(stop, on_idle=on_idle)

    messages = list(bus.browse(CLASSIFIED))
    assert len(messages) - before[CLASSIFIED] == RELEASES
    ours = [decode(Classified, message.value) for message in messages]
    of_key = {key: [i for k, i in expected if k == key] for key, _id in expected}
    for key, ids in of_key.items():
        got = [one.revision.id for one in ours if one.revision.release.id == key]
        assert got[-len(ids) :] == ids
    assert all(one.themes for one in ours)
    assert len(list(bus.browse(DEAD))) - before[DEAD] == 1
