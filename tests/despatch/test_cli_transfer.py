"""`subscriptions export` and `import`: nothing is lost, and no secret goes along unasked."""

import json
from pathlib import Path
from typing import Any

import pytest

from despatch.cli import run

URL = "json://user:hunter2@hooks.example/in"
QUERY = 'theme:migration country:TR,AL "visa fee" -title:exact:"small boats" score:>=0.5'


@pytest.fixture
def home(tmp_path: Path) -> str:
    """An installation with two subscribers and three subscriptions."""
    here = str(tmp_path / "home")
    manner = (
        "--quiet",
        "22:00-07:00 Asia/Kolkata",
        "--limit",
        "20/day",
        "--overflow",
        "daily 9:00",
    )
    for arguments in (
        (QUERY, "--to", URL, "--name", "desk", "--frequency", "weekly mon 08:30", *manner),
        ("*", "--to", URL, "--to", "console://", "--name", "desk", "--event", "withdrawn"),
        ("theme:migration", "--to", "console://", "--name", "ada", "--title", "Ada’s own"),
    ):
        assert run(["--home", here, "subscribe", *arguments]) == 0
    assert run(["--home", here, "subscriptions", "pause", "ada"]) == 0
    return here


def listed(home: str, capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return what is subscribed to, without the ids that each installation makes its own."""
    capfd.readouterr()
    assert run(["--home", home, "subscriptions", "list", "--json"]) == 0
    rows = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    return [
        {name: value for name, value in row.items() if name not in {"subscriber", "channels"}}
        for row in rows
    ]


def export(home: str, to: Path, *arguments: str) -> str:
    assert run(["--home", home, "subscriptions", "export", "--to", str(to), *arguments]) == 0
    return to.read_text()


def test_with_secrets_another_installation_is_told_the_same(
    home: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file, other = tmp_path / "all.jsonl", str(tmp_path / "other")
    assert "hunter2" in export(home, file, "--with-secrets")
    assert file.stat().st_mode & 0o777 == 0o600
    assert run(["--home", other, "subscriptions", "import", str(file)]) == 0
    assert "hunter2" not in capfd.readouterr().out
    before, after = listed(home, capfd), listed(other, capfd)
    assert [one | {"channels_shown": ""} for one in after] == [
        one | {"channels_shown": ""} for one in before
    ]
    assert [one["channels_shown"].count("://") for one in after] == [1, 2, 1]


def test_without_secrets_none_is_written_and_what_is_removed_comes_back_whole(
    home: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "all.jsonl"
    assert "hunter2" not in export(home, file)
    before = listed(home, capfd)
    (paused,) = [one["id"] for one in before if one["subscriber_name"] == "ada"]
    first = before[0]["id"]
    assert run(["--home", home, "subscriptions", "remove", first]) == 0
    assert run(["--home", home, "subscriptions", "import", str(file), "--json"]) == 0
    capfd.readouterr()
    assert run(["--home", home, "subscriptions", "import", str(file), "--json"]) == 0
    done = json.loads(capfd.readouterr().out)
    assert (done["added"], done["failed"], len(done["known"])) == ([], [], 3)
    assert listed(home, capfd) == before
    assert paused


def test_where_a_channel_is_not_known_the_subscription_waits_for_one(
    home: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file, other = tmp_path / "all.jsonl", str(tmp_path / "other")
    export(home, file)
    assert run(["--home", other, "subscriptions", "import", str(file)]) == 0
    said = capfd.readouterr().out
    assert "3 subscriptions added" in said
    rows = listed(other, capfd)
    assert {row["state"] for row in rows} == {"paused"}
    assert f"edit {rows[0]['id']} --to URL" in said
    edited = ("edit", rows[0]["id"], "--to", "console://")
    assert run(["--home", other, "subscriptions", *edited]) == 0
    assert run(["--home", other, "subscriptions", "resume", rows[0]["id"]]) == 0
    assert listed(other, capfd)[0]["state"] == "active"


@pytest.mark.parametrize(
    "changed, why",
    [
        ({"filter": {"themes": ["migration"]}}, "filter.themes"),
        ({"frequency": {"every": "daily"}}, "frequency"),
        ({"id": "../x"}, "id"),
        ({"subscriber": {"name": "operator"}}, "operator"),
        ({"channels": [{"id": "c-1", "url": "jsom://hunter2"}]}, "jsom"),
        ({"events": []}, "events"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_line_that_is_wrong_is_named_and_the_rest_is_added(
    home: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], changed: Any, why: str
) -> None:
    file, other = tmp_path / "all.jsonl", str(tmp_path / "other")
    first, *rest = export(home, file, "--with-secrets").splitlines()
    file.write_text("\n".join([*rest, "", json.dumps(json.loads(first) | changed)]))
    capfd.readouterr()
    assert run(["--home", other, "subscriptions", "import", str(file)]) == 1
    said = capfd.readouterr()
    assert "Line 4 not added: " in said.err
    assert why in said.err
    assert "hunter2" not in said.err
    assert "2 subscriptions added, 0 known before, 1 not added." in said.out


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert run(["--home", str(tmp_path), "subscriptions", "import", str(tmp_path / "no")]) == 2
