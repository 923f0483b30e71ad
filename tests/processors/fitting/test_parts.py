"""What feeds show of labelled releases, and what is to be added there."""

from dataclasses import replace

import numpy as np
import pytest

from despatch.model import ThemeId
from processors.classify import classifier
from processors.fitting.fit import Fitting
from processors.fitting.parts import part_of, views_of
from processors.fitting.regression import shift
from tests.processors.fitting.test_fit import fit, releases
from tests.processors.test_classify import a_theme

LONG = "The first sentence is this one. " * 40


def test_a_part_holds_the_views_of_its_extent_and_no_other() -> None:
    [one, *_] = releases()
    views = [(view, 3) for view in views_of(replace(one, text=LONG))]
    assert [view.text for view in part_of(ThemeId("boats"), "title", views).views] == [""]
    [teaser] = part_of(ThemeId("boats"), "teaser", views).views
    assert 0 < len(teaser.text) < len(LONG)
    assert list(part_of(ThemeId("boats"), "teaser", views).fold_of) == [3]


def test_what_is_a_teaser_already_is_not_shortened_again() -> None:
    [one, *_] = releases()
    assert list(views_of(replace(one, level="feed teaser"))) == [replace(one, level="feed teaser")]


def test_a_fold_is_judged_by_what_had_not_seen_it_and_can_be_left_out() -> None:
    [one, two, *_] = releases()
    titles = [(replace(one, text=""), 0), (replace(two, text=""), 1)]
    part = part_of(ThemeId("boats"), "title", titles)
    part.judge(1, classifier((a_theme(bias=-4.0),)))
    assert list(part.log_odds) == [0.0, -4.0]
    assert list(part.without(0).log_odds) == [-4.0]
    assert list(part.unjudged().log_odds) == [0.0, 0.0]


def test_so_much_is_added_that_as_many_belong_as_do() -> None:
    """Half of a thousand belong that were given odds of one to e²: 2 is missing."""
    belongs = np.array([1.0, 0.0] * 500)
    assert shift(np.full(1_000, -2.0), belongs) == pytest.approx(2, abs=0.02)


def test_nothing_is_taken_off_where_fewer_belong() -> None:
    assert shift(np.full(1_000, 2.0), np.zeros(1_000)) == 0


def test_a_few_labels_move_little() -> None:
    assert 0 < shift(np.array([-2.0]), np.array([1.0])) < 1


def test_releases_that_were_sought_have_no_say() -> None:
    """What a theme was unsure of is no stream: its titles would ask for too much to be added."""
    made = [replace(one, text=LONG + one.text) for one in releases()]
    sought = [
        replace(one, id=f"s{one.id}", sampling="unsure", group=one.group + 999) for one in made
    ]
    seen = Fitting(a_theme(), [*made, *sought]).fit(range(2 * len(made))).parts
    assert {part.extent: len(part.views) for part in seen} == {
        "title": len(made),
        "teaser": len(made),
    }


def test_titles_that_say_it_all_need_less_than_texts_do() -> None:
    """Of a release whose whole text speaks of boats, the title alone is enough."""
    made = [
        replace(one, title="Boats", text=one.text + " Boats." + LONG)
        if one.labels["boats"]
        else replace(one, text=LONG)
        for one in releases()
    ]
    assert fit(made=made).fitted.short.title > 0
