from pathlib import Path

import pytest

from despatch.errors import SettingsError, UsageError
from processors.classify import judge
from processors.themes import load_themes, read_themes

GOOD = """\
title = "Housing"
description = "Homes and rents."
version = "1"
bias = -2.0

[[terms]]
name = "homes"
patterns = ["home*"]
weights = { title = 3.0, lead = 1.0 }

[[terms]]
name = "rent"
patterns = ["rent", "tenan*"]
weights = { title = 2.0 }
most = { lead = 2 }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "housing.toml").write_text(GOOD)
    return tmp_path


def spoil(folder: Path, old: str, new: str) -> str:
    """Return what is told of a theme in which `old` was replaced."""
    assert old in GOOD
    (folder / "housing.toml").write_text(GOOD.replace(old, new, 1))
    with pytest.raises(SettingsError) as told:
        load_themes(folder)
    return str(told.value).replace(str(folder), "")


def test_the_themes_that_come_with_despatch_are_these() -> None:
    themes = load_themes()
    assert [theme.id for theme in themes if not theme.experimental] == ["migration", "partnerships"]
    assert [theme.id for theme in themes if theme.experimental] == [
        "climate",
        "defence",
        "health",
        "modern-slavery",
        "sanctions",
        "trade",
    ]


def test_themes_asked_for_come_once_and_in_the_order_asked() -> None:
    asked = ["partnerships", "migration", "partnerships"]
    assert [theme.id for theme in load_themes(only=asked)] == ["partnerships", "migration"]


def test_an_unknown_theme_is_told_with_the_closest_and_all_that_are_known() -> None:
    with pytest.raises(UsageError, match="'migraton': did you mean 'migration'") as told:
        load_themes(only=["migraton"])
    assert "migration, modern-slavery, partnerships" in str(told.value)


@pytest.mark.parametrize(
    "old,new,told",
    [
        ("weights = { title = 2", "wieghts = { title = 2", "/housing.toml:14: terms[2].wieghts"),
        ("weights = { title = 2", "wieghts = { title = 2", "did you mean 'weights'?"),
        ("{ title = 2.0 }", "{ titel = 2.0 }", "/housing.toml:14: terms[2].weights.titel"),
        ("{ title = 2.0 }", "{ titel = 2.0 }", "did you mean 'title'?"),
        ("bias = -2.0", "bais = -2.0", "/housing.toml:4: bais: no such field"),
        ("bias = -2.0", "", "bias: this field is missing: add it"),
        ("bias = -2.0", "bias = nan", "/housing.toml:4: bias: it is nan: write a number, without"),
        ("bias = -2.0", "bias = -inf", "/housing.toml:4: bias: it is -inf: write a number"),
        (
            "bias = -2.0",
            "bias = 90.0",
            "/housing.toml:4: bias: it is 90.0: write a number up to",
        ),
        ("bias = -2.0", 'bias = "-2.0"', '/housing.toml:4: bias: it is "-2.0": write a number, wi'),
        ("bias = -2.0", "bias = true", "/housing.toml:4: bias: it is true: write a number"),
        (
            "bias = -2.0",
            "bias = -2.0\nthreshold = 5",
            "/housing.toml:5: threshold: it is 5: write a number below 1",
        ),
        (
            "bias = -2.0",
            "bias = -2.0\nthreshold = 0",
            "/housing.toml:5: threshold: it is 0: write a number above 0",
        ),
        (
            "bias = -2.0",
            "bias = -2.0\nbias = 1.0",
            "/housing.toml:5:1: bias stands there twice, for the first time in line 4: keep one",
        ),
        (
            "{ title = 2.0 }",
            '{ title = "2.0" }',
            '/housing.toml:14: terms[2].weights.title: it is "2.0": write a number, without quotes',
        ),
        ("{ title = 2.0 }", "2.0", "terms[2].weights: it is 2.0: write a table, such as { title ="),
        ("most = { lead = 2 }", "most = { lead = 2.5 }", "most.lead: it is 2.5: write a whole num"),
        ('["rent", "tenan*"]', '"rent"', 'patterns: it is "rent": write a list, such as ["one", "'),
        ('["rent", "tenan*"]', "[]", "patterns: it is a list of nothing: write at least one thing"),
        ('title = "Housing"', "title = 7", "/housing.toml:1: title: it is 7: write a text in quo"),
        ('title = "Housing"', 'title = ""', "/housing.toml:1: title: it is empty: write something"),
        (
            "bias = -2.0",
            'bias = -2.0\nexperimental = "no idea"',
            '/housing.toml:5: experimental: it is "no idea": write true or false',
        ),
        (
            "most = { lead = 2 }",
            'most = { lead = 2 }\n[examples]\nmatching = [{ title = "Homes" }]',
            "examples.matching[1].text: this field is missing: add it",
        ),
        ("bias = -2.0", "bias = ", "/housing.toml:4:8: there is no value: write name = value"),
        ("bias = -2.0", 'id = "homes"\nbias = -2.0', "/housing.toml:4: id: it is the file's name"),
        ('"tenan*"', '"(a+)+b"', "/housing.toml:13: terms[2].patterns[2]: '(a+)+b'"),
        ('"tenan*"', '"(a+)+b"', "not regular expressions"),
        ('"tenan*"', '"rent ~99 home"', "a gap is ~1 to ~12 words"),
        ('name = "rent"', 'name = "homes"', "/housing.toml:12: two terms are called 'homes'"),
        ("{ title = 2.0 }", "{ quotes = 2.0 }", "/housing.toml:14: terms[2].weights.quotes"),
        ("{ title = 2.0 }", "{ quotes = 2.0 }", "did you mean 'quote'?"),
        ("{ title = 2.0 }", '{ quote = "no" }', "/housing.toml:14: terms[2].weights.quote"),
        ("most = { lead = 2 }", "most = { quote = 0 }", "terms[2].most.quote"),
        ("most = { lead = 2 }", "most = { quote = 2 }", "add quote to its weights"),
        ("most = { lead = 2 }", 'near = "law"', "/housing.toml:15: the term 'rent' refers to"),
        ("most = { lead = 2 }", 'near = "law"', "the context 'law', which is not there"),
        ("most = { lead = 2 }", "most = { lead = 0 }", "terms[2].most.lead"),
        (
            'version = "1"',
            'version = "one"',
            "/housing.toml:3: version: 'one' is no version",
        ),
        ("bias = -2.0", 'bias = -2.0\nlanguages = ["wales"]', "write two letters, such as en"),
    ],
)
def test_a_wrong_theme_is_told_with_file_line_field_and_fix(
    folder: Path, old: str, new: str, told: str
) -> None:
    assert told in spoil(folder, old, new)


def test_one_mistake_is_told_once(folder: Path) -> None:
    assert spoil(folder, '["home*"]', '["~9"]').count("\n") == 0
    assert (
        spoil(folder, "bias", "bais")
        == "/housing.toml:4: bais: no such field: did you mean 'bias'?"
    )


def test_a_file_in_another_encoding_is_told_with_the_line(folder: Path) -> None:
    (folder / "housing.toml").write_bytes(GOOD.replace("Homes", "Höfe").encode("latin-1"))
    with pytest.raises(SettingsError, match=r"housing.toml:2: not UTF-8: save the file as UTF-8"):
        load_themes(folder)


@pytest.mark.parametrize("text", ["", "\n# a comment\n"])
def test_a_file_in_which_nothing_stands_is_told_once(folder: Path, text: str) -> None:
    (folder / "housing.toml").write_text(text)
    with pytest.raises(SettingsError) as told:
        load_themes(folder)
    assert str(told.value).endswith(
        "housing.toml:1: nothing stands in it: fill it in, or remove the file"
    )


def test_every_wrong_file_is_told_at_once(folder: Path) -> None:
    (folder / "health.toml").write_text(GOOD.replace("bias", "bais"))
    (folder / "trade.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError) as told:
        load_themes(folder)
    assert "health.toml" in str(told.value)
    assert "trade.toml" in str(told.value)
    assert "housing.toml" not in str(told.value)


def test_a_wrong_file_costs_the_others_nothing(folder: Path) -> None:
    (folder / "health.toml").write_text(GOOD.replace("bias", "bais"))
    found = read_themes(folder)
    assert [theme.id for theme in found.themes] == ["housing"]
    assert list(found.faults) == ["health"]
    assert "health.toml:4: bais: no such field: did you mean 'bias'?" in found.faults["health"]


def test_in_a_later_folder_a_theme_takes_an_earlier_ones_place_if_it_is_right(
    folder: Path,
) -> None:
    own = folder / "own"
    own.mkdir()
    (own / "housing.toml").write_text(GOOD.replace("Housing", "Homes"))
    found = read_themes(folder, own)
    assert [theme.title for theme in found.themes] == ["Homes"]
    assert found.files == {"housing": own / "housing.toml"}
    (own / "housing.toml").write_text(GOOD.replace("bias", "bais"))
    found = read_themes(folder, own)
    assert [theme.title for theme in found.themes] == ["Housing"]
    assert list(found.faults) == ["housing"]


def test_a_file_name_that_is_no_theme_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Housing Law.toml").write_text(GOOD)
    with pytest.raises(SettingsError, match="rename the file to small letters"):
        load_themes(tmp_path)


def test_a_folder_without_themes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="holds no theme"):
        load_themes(tmp_path)


def test_the_stamp_changes_with_the_rules_and_not_with_words_about_them(folder: Path) -> None:
    def stamp(text: str) -> str:
        (folder / "housing.toml").write_text(text)
        return load_themes(folder)[0].stamp

    first = stamp(GOOD)
    assert first.startswith("1+")
    assert stamp("# a remark\n" + GOOD.replace("Homes and rents.", "Rents and homes.")) == first
    assert stamp(GOOD.replace("bias", "experimental = true\nbias")) == first
    assert stamp(GOOD.replace("3.0", "3.1")) != first
    assert stamp(GOOD.replace('version = "1"', 'version = "2"')) != first


def test_the_theme_in_the_documentation_is_right_and_finds_its_examples(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "judgement.md").read_text("utf-8")
    (tmp_path / "housing.toml").write_text(page.split("```toml\n")[1].split("```")[0], "utf-8")
    (theme,) = load_themes(tmp_path)
    for example in theme.examples.matching:
        assert judge(example.title, example.text, theme).belongs
    for example in theme.examples.missing:
        assert not judge(example.title, example.text, theme).belongs
