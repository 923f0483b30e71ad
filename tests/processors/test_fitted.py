from pathlib import Path

import pytest

from despatch.errors import SettingsError
from processors.classify import judge
from processors.themes import HERE, Theme, load_themes
from processors.themes.fitted import SUFFIX, Fitted, FittedWeights, applied, rules_of, written
from tests.processors.test_classify import a_theme, spans

HAND = """title = "Boats"
description = "Boats and ships."
version = "1"
bias = -1.0
[[terms]]
name = "boat"
patterns = ["boat*"]
weights = { title = 2.0 }
"""


def fitted(theme: Theme, **changed: object) -> Fitted:
    fields: dict[str, object] = {
        "id": theme.id,
        "rules": rules_of(theme),
        "labels": 100,
        "belong": 40,
        "threshold": 0.4,
        "bias": -2.5,
        "terms": {"boat": FittedWeights(title=3.25)},
        "words": {"harbour": 0.75},
    }
    return Fitted.model_validate(fields | changed)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "boats.toml").write_text(HAND)
    [theme] = load_themes(tmp_path, as_set=True)
    (tmp_path / f"boats{SUFFIX}").write_text(written(fitted(theme), "fit"), "utf-8")
    return tmp_path


def test_the_numbers_of_a_fitted_file_take_the_place_of_those_set_by_hand(folder: Path) -> None:
    [theme] = load_themes(folder)
    assert (theme.bias, theme.threshold) == (-2.5, 0.4)
    found = judge("Boats", "They lie in harbour.", theme)
    assert spans(found) == [("Boats", 3.25), ("harbour", 0.75)]
    assert found.terms == ("boat", "“harbour”")


def test_those_set_by_hand_can_be_asked_for(folder: Path) -> None:
    [theme] = load_themes(folder, as_set=True)
    assert theme.bias == -1.0
    assert spans(judge("Boats", "They lie in harbour.", theme)) == [("Boats", 2.0)]


def test_a_fitted_theme_has_its_own_stamp_and_threshold() -> None:
    theme = a_theme()
    before = (theme.stamp, theme.log_odds_threshold)
    after = applied(theme, fitted(theme))
    assert after.stamp != before[0]
    assert after.log_odds_threshold != before[1]


def test_a_fitted_file_of_other_rules_is_refused_with_the_way_out(folder: Path) -> None:
    path = folder / "boats.toml"
    path.write_text(path.read_text().replace("boat*", "ship*"))
    with pytest.raises(SettingsError, match=r"other rules .* run `despatch themes fit boats`"):
        load_themes(folder)


def test_a_wrong_number_is_told_with_file_and_line(folder: Path) -> None:
    path = folder / f"boats{SUFFIX}"
    path.write_text(path.read_text("utf-8").replace("0.4", "4.0"), "utf-8")
    with pytest.raises(SettingsError, match=rf"boats{SUFFIX}:\d+: threshold"):
        load_themes(folder)


def test_words_about_a_theme_don_t_part_it_from_its_fitted_file() -> None:
    assert rules_of(a_theme(title="Ships", description="All of them.")) == rules_of(a_theme())


def test_a_found_word_counts_only_where_no_term_stands() -> None:
    theme = a_theme()
    found = applied(theme, fitted(theme, words={"boats": 9}))
    assert spans(judge("Boats in harbour", "", found)) == [("Boats", 3.25)]


@pytest.mark.parametrize("path", sorted(HERE.glob(f"*{SUFFIX}")), ids=lambda path: path.name)
def test_the_fitted_files_that_come_with_despatch_are_as_fitting_writes_them(path: Path) -> None:
    name = path.name.removesuffix(SUFFIX)
    [theme] = load_themes(only=(name,), as_set=True)
    from despatch.toml import read

    found = read(Fitted, path, id=name)
    assert path.read_text("utf-8") == written(found, f"despatch themes fit {name}")
    assert found.terms.keys() == {term.name for term in theme.terms}
