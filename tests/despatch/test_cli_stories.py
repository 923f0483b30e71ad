"""`trace` says who else published what a release says."""

import json
from pathlib import Path

import pytest

from despatch.app import App
from despatch.cli import run
from despatch.ports import Member, Place, Taken
from despatch.settings import read
from despatch.testing.releases import SEEN, a_classified, a_release, a_revision

PLACE = Place("cluster-a", "despatch.classified.v1", "topic-1", 0)


def test_trace_names_the_other_members_of_a_story(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    both = [a_classified(a_revision(a_release(name))) for name in ("visas", "copy")]
    with App(read(tmp_path, environ={})) as app, app.store.transaction() as tx:
        for offset, one in enumerate(both):
            release = one.revision.release
            tx.archive(Taken(one, PLACE, offset, SEEN, "new: x"), best=True)
            tx.add_to_story(Member(release.id, "t-1", release.source, SEEN), (1,))
    asked = ["--home", str(tmp_path), "trace", both[0].revision.release.id]
    assert run(asked) == 0
    assert "also published by example  https://example.gov/copy" in capfd.readouterr().out
    assert run([*asked, "--json"]) == 0
    (way,) = (json.loads(line) for line in capfd.readouterr().out.splitlines())
    assert way["also"] == [{"title": "example", "address": "https://example.gov/copy"}]
