"""How sure a theme is, as people are told it."""

import pytest

from despatch.sureness import percent


@pytest.mark.parametrize(
    "score,said", [(0.974, "97%"), (0.9999, "99%"), (1.0, "99%"), (0.0001, "1%"), (0.0, "1%")]
)
def test_a_score_is_a_percentage_and_nothing_is_ever_certain(score: float, said: str) -> None:
    assert percent(score) == said
