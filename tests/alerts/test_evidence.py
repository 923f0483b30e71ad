"""Which evidence a message shows."""

from alerts.evidence import FAINT, evidence_words, telling
from despatch.model import Evidence, ThemeId, ThemeScore


def a_score(**weights: float) -> ThemeScore:
    spans = []
    for number, (word, weight) in enumerate(weights.items()):
        start = 10 * number
        end = start + len(word)
        spans.append(Evidence(field="text", start=start, end=end, text=word, weight=weight))
    return ThemeScore(theme=ThemeId("migration"), version="1", score=0.9, evidence=tuple(spans))


def test_what_hardly_counts_or_counts_against_is_not_shown() -> None:
    score = a_score(visas=2.0, keep=FAINT / 2, police=-1.0, border=FAINT)
    assert [one.text for one in telling(score)] == ["visas", "border"]
    assert evidence_words(score) == ("visas", "border")


def test_where_all_that_speaks_for_a_theme_is_faint_it_is_shown() -> None:
    score = a_score(keep=FAINT / 2, police=-1.0, order=FAINT / 3)
    assert evidence_words(score) == ("keep", "order")
