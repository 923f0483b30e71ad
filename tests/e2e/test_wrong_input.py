"""Wrong input gets one clear line that names the thing and the way out, and the right exit code."""

import gzip
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from despatch.testing.installation import DESPATCH, Installation, wait_for

pytestmark = pytest.mark.e2e

SUBSCRIBE = ("subscribe", "--theme", "migration", "--to", "console://")


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with Installation(tmp_path / "home") as made:
        yield made


def fails(
    installation: Installation, code: int, *arguments: str, says: tuple[str, ...]
) -> "subprocess.CompletedProcess[str]":
    """Run a command that must fail with a code and say these things in its one line."""
    done = installation.run(*arguments)
    complaint = [line for line in done.stderr.splitlines() if line.startswith("despatch: ")]
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert len(complaint) == 1, done.stderr
    for part in says:
        assert part in complaint[0], complaint[0]
    assert "Traceback" not in done.stderr
    return done


def test_an_unknown_theme_is_named_with_the_nearest_right_one(installation: Installation) -> None:
    arguments = ("subscribe", "--theme", "migrations", "--to", "console://")
    fails(installation, 2, *arguments, says=("migrations", "migration", "partnerships"))


@pytest.mark.parametrize(
    "url, says",
    [
        ("jsn://user:hunter2@example.org/x", "json"),
        ("hunter2", "://"),
        ("mailto://", "mailto:// URL is not complete"),
        ("file:///etc/hunter2", "file://"),
    ],
)
def test_a_bad_channel_url_is_refused_without_being_shown(
    installation: Installation, url: str, says: str
) -> None:
    done = fails(installation, 2, "subscribe", "--theme", "migration", "--to", url, says=(says,))
    assert "hunter2" not in done.stdout + done.stderr


def test_a_path_that_is_not_there_is_named(installation: Installation) -> None:
    fails(installation, 2, "replay", "nowhere.jsonl", says=("nowhere.jsonl", "does not exist"))
    fails(installation, 2, "classify", "nowhere.jsonl", says=("nowhere.jsonl", "can't be read"))


def test_a_file_of_garbage_is_named_and_the_good_lines_go_on(
    installation: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "half.jsonl"
    file.write_bytes(b'{"id": "1", "title": "T", "text": "Fine."}\n\xff\xfe{not json\n')
    done = installation.run("replay", str(file), "--json")
    assert done.returncode == 1, done.stderr
    assert '"documents": 1' in done.stdout
    assert "half.jsonl" in done.stdout
    classified = installation.run("classify", str(file))
    assert classified.returncode == 65
    assert classified.stdout == '{"id":"1","themes":[]}\n'
    assert "line 2" in classified.stderr


def test_a_folder_without_documents_is_named_once(
    installation: Installation, tmp_path: Path
) -> None:
    done = fails(installation, 2, "replay", str(tmp_path), says=("holds no file", ".jsonl.gz"))
    assert done.stderr.count(str(tmp_path)) == 1


def test_a_misspelt_setting_is_named_with_the_right_one(installation: Installation) -> None:
    installation.environ["DESPATCH_POL_EVERY"] = "15m"
    fails(installation, 78, "status", says=("DESPATCH_POL_EVERY", "DESPATCH_POLL_EVERY"))
    del installation.environ["DESPATCH_POL_EVERY"]
    (installation.home / "despatch.toml").write_text('bus = "rabbit"\n')
    fails(installation, 78, "status", says=("bus", "despatch.toml", "kafka://"))


def test_kafka_away_is_said_with_its_address(installation: Installation) -> None:
    installation.environ["DESPATCH_BUS"] = "kafka://127.0.0.1:1"
    fails(installation, 69, "topics", "check", says=("127.0.0.1:1",))


def test_a_database_away_is_said_without_its_password(installation: Installation) -> None:
    installation.environ["DESPATCH_STORE"] = "postgresql://u:hunter2@127.0.0.1:1/despatch"
    done = fails(installation, 69, "subscriptions", "list", says=("127.0.0.1",))
    assert "hunter2" not in done.stderr


def test_a_locked_database_is_said_and_can_be_tried_again(installation: Installation) -> None:
    assert installation.run(*SUBSCRIBE).returncode == 0
    lock = sqlite3.connect(installation.home / "store.db", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    try:
        fails(installation, 75, *SUBSCRIBE, says=("store.db", "locked"))
    finally:
        lock.close()
    assert installation.run(*SUBSCRIBE).returncode == 0


def test_an_older_schema_is_refused_with_what_to_run(installation: Installation) -> None:
    assert installation.run(*SUBSCRIBE).returncode == 0
    with sqlite3.connect(installation.home / "store.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.close()
    fails(installation, 78, "alert", says=("schema",))


def test_what_another_version_stored_is_said_and_no_traceback(installation: Installation) -> None:
    assert installation.run(*SUBSCRIBE).returncode == 0
    with sqlite3.connect(installation.home / "store.db") as connection:
        connection.execute("UPDATE subscriptions SET payload = json_set(payload, '$.colour', 1)")
    connection.close()
    fails(installation, 78, "subscriptions", "list", says=("subscription", "colour", "version"))


@pytest.mark.parametrize("home", ["/proc/despatch", "a-file/home"])
def test_a_home_that_cannot_be_written_is_named(
    installation: Installation, tmp_path: Path, home: str
) -> None:
    (tmp_path / "a-file").write_text("")
    path = str(tmp_path / home)  # an absolute one stays as it is
    fails(installation, 73, "--home", path, *SUBSCRIBE, says=(path, "--home DIR"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder on a disk of 4 MB; needs to be root."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        if os.environ.get("CI") == "true":
            pytest.fail("CI can't mount a small tmpfs")
        pytest.skip("mounting a small disk needs root: sudo make test")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_said_and_nothing_told_is_lost(small_disk: Path, tmp_path: Path) -> None:
    """The replay stops with the reason; with room again it goes on where it stopped."""
    documents = tmp_path / "documents.jsonl"
    lines = [
        f'{{"id": "{n}", "title": "Asylum and visas {n}", "text": "{f"word{n} " * 2000}"}}\n'
        for n in range(300)
    ]
    documents.write_text("".join(lines))
    with Installation(small_disk / "home") as installation:
        assert installation.run(*SUBSCRIBE).returncode == 0
        filler = small_disk / "filler"
        room = os.statvfs(small_disk)
        filler.write_bytes(b"\0" * max(0, room.f_bavail * room.f_frsize - 600_000))
        replay = ("replay", str(documents), "--deliver", "--yes", "--json")
        done = installation.run(*replay)
        assert done.returncode == 74, (done.returncode, done.stderr)
        [complaint] = [x for x in done.stderr.splitlines() if x.startswith("despatch: ")]
        assert "disk" in complaint
        assert str(small_disk) in complaint
        filler.unlink()
        subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
        assert installation.run(*replay).returncode == 0
        sources = installation.ask("status", "--json")[0]
        assert sources["counts"]["releases"] == 300
        assert sources["counts"]["told"] == 300


def test_a_reader_that_has_enough_is_no_fault(installation: Installation, tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    file.write_text('{"id": 1, "title": "Small boats", "text": "People smuggling."}\n' * 20_000)
    command = f"'{sys.executable}' -m despatch.cli classify {file} | head -1"
    done = subprocess.run(
        ["bash", "-c", command], env=installation.environ, capture_output=True, check=False
    )
    assert done.stdout.count(b"\n") == 1
    assert b"Traceback" not in done.stderr


def test_ctrl_c_stops_every_stage_in_order(installation: Installation) -> None:
    up = installation.start("up", "up", "--listen", "127.0.0.1:0")
    try:
        wait_for(lambda: installation.log("up").count("stage started") == 4, "four stages")
        up.send_signal(signal.SIGINT)
        assert up.wait(60) == 0
    finally:
        up.kill()
    said = [line for line in installation.log("up").splitlines() if "stage stopped" in line]
    order = [
        name for line in said for name in ("poll", "process", "alert", "serve") if name in line
    ]
    assert order == ["poll", "process", "alert", "serve"], said


@pytest.mark.parametrize(
    "arguments, says",
    [
        (("replay", ""), "''"),
        (("replay", "--since", "2026-02-01", "--until", "2026-01-01"), "--until"),
        (("replay", "--since", "9999999999d"), "2023-08-09"),
        (("subscriptions", "remove", ""), "''"),
        (("sources", "add", "https://me:hunter2@example.gov/a"), "remove it"),
        (("poll", "--all"), "--once"),
        (("subscriptions", "pause"), "despatch subscriptions pause --help"),
    ],
)
def test_a_mistake_changes_nothing_and_names_itself(
    installation: Installation, arguments: tuple[str, ...], says: str
) -> None:
    """An unset variable in a script, above all, must not choose the only thing there is."""
    assert installation.run(*SUBSCRIBE).returncode == 0
    done = fails(installation, 2, *arguments, says=(says,))
    assert "hunter2" not in done.stderr
    [subscription] = installation.ask("subscriptions", "list", "--json")
    assert subscription["state"] == "active"


def test_a_replay_says_what_it_left_out_and_counts_alerts(
    installation: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "two.jsonl"
    line = '{{"id": "{}", "title": "Small boats", "text": "Migration.", "date": "2023-0{}-01"}}\n'
    file.write_text(line.format("a", 1) + line.format("b", 2) + line.format("c", 3))
    assert installation.run(*SUBSCRIBE).returncode == 0
    done = installation.run("replay", str(file), "--since", "2023-02-01")
    assert "3 documents read: 2 new, 0 changed, 0 known, 1 outside of the dates" in done.stdout
    assert "2 alerts would be sent" in done.stdout, "to one subscriber"
    empty = tmp_path / "empty.txt"
    empty.touch()
    done = installation.run("replay", str(empty))
    assert (done.returncode, done.stderr) == (1, "Skipped: empty.txt: it holds no words\n")
    assert "could be read as a document" in done.stdout
    assert "twice" not in done.stdout


def test_who_has_read_enough_of_a_pipe_is_no_fault(
    installation: Installation, tmp_path: Path
) -> None:
    """`despatch classify … | head -1` under `set -o pipefail`."""
    file = tmp_path / "many.jsonl"
    file.write_text('{"id": "1", "title": "Small boats", "text": "Migration."}\n' * 3_000)
    command = (*DESPATCH, "classify", str(file))
    with subprocess.Popen(
        command, env=installation.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as reader:
        assert reader.stdout is not None
        assert reader.stderr is not None
        reader.stdout.readline()
        reader.stdout.close()
        assert reader.wait(60) == 0
        assert reader.stderr.read() == b""


def test_a_compressed_file_is_classified_up_to_where_it_breaks_off(
    installation: Installation, tmp_path: Path
) -> None:
    lines = "".join(f'{{"id": "{n}", "title": "{os.urandom(64).hex()}"}}\n' for n in range(500))
    whole = gzip.compress(lines.encode())
    file = tmp_path / "saved.jsonl.gz"
    file.write_bytes(whole)
    assert len(installation.ask("classify", str(file))) == 500
    file.write_bytes(whole[: len(whole) // 2])
    done = fails(installation, 65, "classify", str(file), says=("saved.jsonl.gz", "from here on"))
    assert 0 < done.stdout.count("\n") < 500
