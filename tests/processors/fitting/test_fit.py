"""Fitting, on releases of our own making: boats belong, and so does what stands beside them."""

import random
from dataclasses import replace

import numpy as np
import pytest

from processors.classify import judge
from processors.fitting.fit import CrossValidated, Fitting, folds
from processors.fitting.regression import best_threshold, regress, rescale
from processors.fitting.releases import LabelledRelease, shortened
from processors.themes import Theme
from processors.themes.fitted import applied, written
from processors.themes.terms import Term, Weights
from tests.processors.test_classify import a_theme

ABOUT = ["roads", "schools", "taxes", "farms", "music", "prisons", "nurses", "parks", "trains"]


def releases(number: int = 240, seed: int = 7) -> list[LabelledRelease]:
    """Return releases of which a sixth belong: nearly all with boats, and most with a harbour."""
    chance = random.Random(seed)
    made = []
    for at in range(number):
        belongs = at % 6 == 0
        said = [f"The plan for {one} is ready." for one in chance.sample(ABOUT, 3)]
        if chance.random() < (0.9 if belongs else 0.02):
            said.append("Boats set out.")
        if chance.random() < (0.75 if belongs else 0.01):
            said.append("The harbour is full.")
        chance.shuffle(said)
        made.append(
            LabelledRelease(
                id=str(at),
                title=f"News of {chance.choice(ABOUT)}",
                text=" ".join(said),
                publisher=chance.choice(["north", "south"]),
                labels={"boats": belongs},
                sampling="random",
                group=at,
            )
        )
    return made


def fit(theme: Theme | None = None, made: list[LabelledRelease] | None = None) -> CrossValidated:
    made = releases() if made is None else made
    return Fitting(theme or a_theme(), made).fit(range(len(made)))


@pytest.fixture(scope="module")
def found() -> CrossValidated:
    return fit()


def test_the_same_releases_give_the_same_file(found: CrossValidated) -> None:
    assert written(fit().fitted, "fit") == written(found.fitted, "fit")


def test_a_word_that_tells_is_found_and_one_of_everything_is_not(found: CrossValidated) -> None:
    assert found.fitted.words["harbour"] > 0
    assert not any("plan" in word for word in found.fitted.words)


def test_what_fitting_left_out_is_judged_right(found: CrossValidated) -> None:
    belongs = np.array([one.labels["boats"] for one in releases()])
    said = 1 / (1 + np.exp(-found.log_odds)) >= found.thresholds
    assert (said == belongs).mean() > 0.85


def test_log_odds_are_those_of_the_theme_as_it_will_be_judged(found: CrossValidated) -> None:
    made = releases()
    ours = Fitting(a_theme(), made).log_odds(found.fitted, range(5))
    theme = applied(a_theme(), found.fitted)
    assert list(ours) == [judge(one.title, one.text, theme).log_odds for one in made[:5]]


def test_what_says_nearly_the_same_is_in_one_fold_and_folds_are_even() -> None:
    fold_of = folds([7, 7, 3, 9, 9, 4, 1, 0])
    assert fold_of[0] == fold_of[1]
    assert fold_of[3] == fold_of[4]
    assert set(fold_of) == {0, 1, 2, 3, 4}


def test_a_weight_marked_as_set_by_hand_stays() -> None:
    term = Term(
        name="boat", patterns=("boat*",), weights=Weights(title=2, lead=0.25), hand_set=True
    )
    theme = a_theme(terms=(term, Term(name="sea", patterns=("sea",), weights=Weights(lead=1))))
    fitted = fit(theme).fitted
    assert fitted.terms["boat"].numbers() == {"title": 2, "lead": 0.25, "body": 0}
    assert fitted.terms["sea"].lead != 1


def test_scores_are_frequencies_on_what_was_left_out(found: CrossValidated) -> None:
    belongs = np.array([one.labels["boats"] for one in releases()], float)
    scores = 1 / (1 + np.exp(-found.log_odds))
    assert abs(scores.mean() - belongs.mean()) < 0.05


def test_weights_stay_near_where_they_are_expected_when_nothing_speaks() -> None:
    from scipy.sparse import csr_matrix

    line = regress(
        csr_matrix(np.zeros((4, 2))),
        belongs=np.array([1.0, 0, 1, 0]),
        strength=np.array([3.0, 3.0]),
        prior=np.array([1.5, 0.0]),
        importance=np.ones(4),
    )
    assert line.weights == pytest.approx([1.5, 0.0], abs=1e-4)
    assert line.bias == pytest.approx(0, abs=1e-3)


def test_log_odds_that_are_too_sure_are_drawn_together() -> None:
    """Of many at 4 two thirds belong, and of many at -4 one third: the truth is log 2, not 4."""
    log_odds = np.array([4.0, 4, 4, -4, -4, -4] * 200)
    slope, shift = rescale(log_odds, np.array([1.0, 1, 0, 0, 0, 1] * 200))
    assert 4 * slope == pytest.approx(np.log(2), abs=0.01)
    assert shift == pytest.approx(0, abs=0.01)


def test_a_few_labels_that_nothing_contradicts_make_nobody_sure() -> None:
    slope, _shift = rescale(np.array([1.0, 2, -1, -2]), np.array([1.0, 1, 0, 0]))
    assert slope < 2


def test_the_threshold_is_half_of_the_best_f1() -> None:
    scores = np.array([0.9, 0.7, 0.45, 0.1])
    assert best_threshold(scores, np.array([1.0, 1, 0, 0])) == 0.5
    assert best_threshold(scores, np.array([1.0, 0, 1, 0])) == 0.4


def test_a_release_is_shown_as_feeds_show_it_too() -> None:
    [one, *_] = releases()
    long = replace(one, text="The first sentence is this one. " * 40)
    title, teaser = shortened(long)
    assert (title.title, title.text) == (long.title, "")
    assert 0 < len(teaser.text) <= 320
    assert teaser.text.endswith(".")


def test_a_fitted_number_is_written_in_a_line_of_its_own(found: CrossValidated) -> None:
    text = written(found.fitted, "despatch themes fit boats")
    assert text.startswith("# Found by `despatch themes fit boats`.\n")
    assert f"\nthreshold = {found.fitted.threshold}\n" in text
    for word, weight in found.fitted.words.items():
        assert f'\n"{word}" = {weight}\n' in text
