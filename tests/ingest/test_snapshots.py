"""A feed's saved history: which files are polls, in which order, and where the feed was."""

import io
import tarfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from despatch.errors import UsageError
from ingest.saved import Window
from ingest.snapshots import is_history, opened, own_address, time_in

EVER = Window()
NAMES = ("00002_2021-05-23T154111.xml", "00001_2021-05-23T151029.xml", "00003_2021-05-24.xml")


def in_folder(folder: Path, names: Sequence[str]) -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_bytes(name.encode())
    return folder


def in_archive(file: Path, names: Sequence[str], mode: str = "w:xz") -> Path:
    with tarfile.open(file, mode) as archive:  # type: ignore[call-overload]
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(name)
            archive.addfile(member, io.BytesIO(name.encode()))
    return file


@pytest.mark.parametrize(
    "name, at",
    [
        ("00001_2021-05-23T151029.xml", datetime(2021, 5, 23, 15, 10, 29, tzinfo=UTC)),
        ("20210523151029.xml", datetime(2021, 5, 23, 15, 10, 29, tzinfo=UTC)),
        ("feed 2021-05-23 15:10:29Z.rss", datetime(2021, 5, 23, 15, 10, 29, tzinfo=UTC)),
        ("2021-05-23_15-10.atom", datetime(2021, 5, 23, 15, 10, tzinfo=UTC)),
        ("state-2021-05-23.xml", datetime(2021, 5, 23, tzinfo=UTC)),
        ("99999999-2021-05-23.xml", datetime(2021, 5, 23, tzinfo=UTC)),
        ("release-0001-13-45.xml", None),
        ("feed.xml", None),
    ],
)
def test_a_snapshots_time_stands_in_its_name(name: str, at: datetime | None) -> None:
    assert time_in(name) == at


def test_a_folders_snapshots_come_in_the_order_of_their_times(tmp_path: Path) -> None:
    folder = in_folder(tmp_path, [*NAMES, "deeper/2020-01-01.rss", "README.md", "feed.xml"])

    with opened(folder, EVER) as history:
        assert [snapshot.name for snapshot in history.snapshots] == [
            "deeper/2020-01-01.rss",
            "00001_2021-05-23T151029.xml",
            "00002_2021-05-23T154111.xml",
            "00003_2021-05-24.xml",
        ]
        assert history.snapshots[1].body() == b"00001_2021-05-23T151029.xml"
    assert history.skipped == (
        "README.md: not a feed by its name (.xml, .rss, .atom, .rdf)",
        "feed.xml: no time in its name",
    )


@pytest.mark.parametrize("ending, mode", [(".tar", "w"), (".tar.gz", "w:gz"), (".tar.xz", "w:xz")])
def test_an_archive_is_read_like_the_folder_that_it_holds(
    tmp_path: Path, ending: str, mode: str
) -> None:
    file = in_archive(tmp_path / f"history{ending}", NAMES, mode)

    assert is_history(file)
    with opened(file, EVER) as history:
        found = [(snapshot.name, snapshot.body().decode()) for snapshot in history.snapshots]
    assert found == [(name, name) for name in sorted(NAMES)]


def test_what_an_archive_names_is_never_written_where_it_says(tmp_path: Path) -> None:
    inside = tmp_path / "deep" / "deeper"
    inside.mkdir(parents=True)
    file = in_archive(inside / "history.tar.xz", ["../../2021-05-23.xml", "/2021-05-24.xml"])

    with opened(file, EVER) as history:
        assert len(history.snapshots) == 2
        assert not (tmp_path / "2021-05-23.xml").exists()


def test_a_link_in_an_archive_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "history.tar"
    in_archive(file, ["2021-05-23.xml"], "w")
    with tarfile.open(file, "a") as archive:
        link = tarfile.TarInfo("2021-05-24.xml")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)

    with opened(file, EVER) as history:
        assert [snapshot.name for snapshot in history.snapshots] == ["2021-05-23.xml"]
    assert history.skipped == ("2021-05-24.xml: not a plain file",)


def test_only_the_polls_of_a_window_are_read(tmp_path: Path) -> None:
    folder = in_folder(tmp_path, NAMES)
    window = Window(
        since=datetime(2021, 5, 23, 15, 30, tzinfo=UTC), until=datetime(2021, 5, 24, tzinfo=UTC)
    )

    with opened(folder, window) as history:
        assert [snapshot.name for snapshot in history.snapshots] == ["00002_2021-05-23T154111.xml"]


def test_where_there_is_no_snapshot_the_error_says_what_one_is(tmp_path: Path) -> None:
    folder = in_folder(tmp_path, NAMES)
    before = Window(until=datetime(2000, 1, 1, tzinfo=UTC))

    with pytest.raises(UsageError, match="from that time"), opened(folder, before):
        pass
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(b"no archive")
    with pytest.raises(UsageError, match="can't be read"), opened(broken, EVER):
        pass
    empty = in_archive(tmp_path / "empty.tar", ["readme.txt"], "w")
    with pytest.raises(UsageError, match=r"such as 2021-05-23T151029\.xml"), opened(empty, EVER):
        pass


def test_a_folder_of_documents_is_no_history(tmp_path: Path) -> None:
    in_folder(tmp_path, ["notes-2021-05-23.txt", "saved.jsonl", "feed.xml"])

    assert not is_history(tmp_path)
    assert not is_history(tmp_path / "saved.jsonl")


@pytest.mark.parametrize(
    "head, address",
    [
        (b'<atom:link href="https://x.gov/f?a=1&amp;b=2" rel="self"/>', "https://x.gov/f?a=1&b=2"),
        (b"<link rel='alternate' href='https://x.gov/'/><link>https://x.gov</link>", ""),
        (b"<link rel='self' href='file:///etc/passwd'/>", ""),
        (b"", ""),
    ],
)
def test_a_feed_says_itself_where_it_is(head: bytes, address: str) -> None:
    assert own_address(head) == address
