"""A real poller over everything that strangers answer: it ends, and its memory is bounded."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from despatch.app.wiring import App
from despatch.model import SourceId
from despatch.ports import SourceRecord
from despatch.settings import read
from despatch.testing import LoopbackServer
from despatch.testing.hostile import SECRET, cases, path_of
from despatch.testing.installation import DESPATCH, Installation
from despatch.testing.memory import most_mib

MOST_MIB = 250


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.usefixtures("memory_told")
def test_all_that_strangers_answer_is_polled_in_bounded_memory(tmp_path: Path) -> None:
    home = tmp_path / "home"
    environ = {
        "DESPATCH_ALLOW_NETWORKS": "127.0.0.0/8, ::1/128",
        "DESPATCH_HOST_PAUSE": "0s",
        "DESPATCH_HOST_AT_ONCE": "16",
        "DESPATCH_FETCH_TIMEOUT": "5s",
    }
    with Installation(home, environ) as installation, LoopbackServer() as server:
        (home / "secret").write_text(SECRET)
        every = cases(server.url, (home / "secret").as_uri(), 0.1)
        here = {name: case for name, case in every.items() if case.address is None}
        with App(read(home, environ={})) as app:
            for name, case in here.items():
                for more, answer in case.more.items():
                    server.will(f"/{more}", answer)
                here_ = server.will(path_of(name), case.answer).replace("127.0.0.1", case.host)
                address = {"address": here_}
                source = SourceId(path_of(name)[1:])
                with app.store.transaction() as tx:
                    tx.add_source(SourceRecord(source, "feed", address, app.clock.now()))

        with (tmp_path / "said").open("wb") as said:
            poller = subprocess.Popen(
                [*DESPATCH, "poll", "--once", "--all", "--json", "--verbose"],
                env={**os.environ, **installation.environ},
                stdout=said,
            )
            most = most_mib(poller)

        assert poller.returncode == 1, "some could not be read, and it says so"
        *each, total = map(json.loads, (tmp_path / "said").read_text().splitlines())
    print(f"at most {most:.0f} MiB; {total}")
    outcomes = {one["source"]: one["outcome"] for one in each}
    assert outcomes == {path_of(name)[1:]: case.outcome for name, case in here.items()}
    assert most < MOST_MIB
