"""The store's keys: where they come from, and what stands in the way."""

import os
import stat
from pathlib import Path
from threading import Barrier, Thread

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from despatch.errors import NotWritable, OperatorError, SettingsError
from despatch.store.secrets import Secrets, load_keys
from despatch.testing.stores import KEY

OTHER = Fernet.generate_key().decode()


def test_a_key_file_is_made_on_first_use_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    (key,) = load_keys(file, None)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Fernet(key)
    assert [each.name for each in tmp_path.iterdir()] == ["secret.key"]


def test_the_same_key_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    assert load_keys(file, None) == load_keys(file, None)


def test_processes_that_make_a_key_at_once_get_the_same_one(tmp_path: Path) -> None:
    start = Barrier(8)
    got: list[str] = []

    def load() -> None:
        start.wait()
        got.extend(load_keys(tmp_path / "secret.key", None))

    threads = [Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert len(set(got)) == 1


def test_a_setting_goes_before_the_file_and_makes_none(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    assert load_keys(file, KEY) == [KEY]
    assert not file.exists()


def test_a_setting_can_hold_several_keys(tmp_path: Path) -> None:
    assert load_keys(tmp_path / "none", f"{KEY}, {OTHER}") == [KEY, OTHER]


def test_a_file_can_hold_several_keys_and_remarks(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    file.touch(mode=0o600)
    file.write_text(f"# new\n{KEY}\n\n# old, until 2026-05\n{OTHER}\n")
    assert load_keys(file, None) == [KEY, OTHER]


@pytest.mark.parametrize("setting", ["", "   "])
def test_an_empty_setting_is_none(tmp_path: Path, setting: str) -> None:
    load_keys(tmp_path / "secret.key", setting)
    assert (tmp_path / "secret.key").exists()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o666])
def test_a_key_file_that_others_can_read_is_refused_with_the_command(
    tmp_path: Path, mode: int
) -> None:
    file = tmp_path / "a key.file"
    load_keys(file, None)
    file.chmod(mode)
    with pytest.raises(OperatorError, match=f"run chmod 600 '{file}'"):
        load_keys(file, None)


def test_a_wrong_setting_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="key 2") as caught:
        load_keys(tmp_path / "none", f"{KEY},not-a-key-but-secret")
    assert "not-a-key" not in str(caught.value)
    assert KEY not in str(caught.value)


def test_a_wrong_line_of_the_file_is_named_and_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    file.touch(mode=0o600)
    file.write_text(f"{KEY}\nnot-a-key-but-secret\n")
    with pytest.raises(OperatorError, match=r"secret\.key, line 2") as caught:
        load_keys(file, None)
    assert "not-a-key" not in str(caught.value)


def test_an_emptied_key_file_is_not_quietly_replaced(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    file.touch(mode=0o600)
    with pytest.raises(OperatorError, match=r"secret\.key holds no key"):
        load_keys(file, None)
    assert file.read_bytes() == b""


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotWritable, match="nowhere/secret"):
        load_keys(tmp_path / "nowhere" / "secret.key", None)


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret.key").mkdir(mode=0o700)
    with pytest.raises(OperatorError, match=r"secret\.key can't be read"):
        load_keys(tmp_path / "secret.key", None)


def test_a_strict_umask_does_not_matter(tmp_path: Path) -> None:
    before = os.umask(0o000)
    try:
        load_keys(tmp_path / "secret.key", None)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def test_no_keys_at_all_are_refused() -> None:
    with pytest.raises(SettingsError, match="no key"):
        Secrets([], "the file")


def test_a_lost_key_names_where_the_keys_came_from() -> None:
    sealed = Secrets([KEY], "the old file").seal(SecretStr("json://x"))
    with pytest.raises(OperatorError, match=r"/home/secret\.key holds"):
        Secrets([OTHER], "/home/secret.key").reveal(sealed.url, sealed.key)


def test_neither_repr_nor_key_names_show_a_key() -> None:
    secrets = Secrets([KEY], "the file")
    assert KEY not in repr(secrets)
    assert not set(secrets.names) & {KEY}


@given(st.text())
def test_every_url_is_revealed_as_it_was_sealed(url: str) -> None:
    secrets = Secrets([KEY, OTHER], "the file")
    sealed = secrets.seal(SecretStr(url))
    assert secrets.reveal(sealed.url, sealed.key).get_secret_value() == url


@given(st.text(), st.text())
def test_hashes_are_equal_when_urls_are_and_depend_on_the_key(one: str, two: str) -> None:
    secrets, others = Secrets([KEY], "one"), Secrets([OTHER], "two")
    same = secrets.hashes(SecretStr(one)) == secrets.hashes(SecretStr(two))
    assert same == (one == two)
    assert secrets.hashes(SecretStr(one)) != others.hashes(SecretStr(one))


def test_the_same_url_is_sealed_differently_each_time() -> None:
    """Two rows that look alike would say that two people use one address."""
    secrets = Secrets([KEY], "the file")
    url = SecretStr("json://x")
    assert secrets.seal(url).url != secrets.seal(url).url
