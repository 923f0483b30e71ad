"""What a theme has to beat: ten words, and the usual learning from counted words."""

from collections.abc import Sequence

import numpy as np

from bench.decisions import Flags, Numbers
from processors.fitting.fit import FOLDS, folds
from processors.fitting.releases import LabelledRelease

WORDS = {
    "migration": "migra immigra asylum refugee visa border deport smuggl citizenship traffick",
    "partnerships": "partnership agreement memorandum treaty bilateral cooperation joint summit "
    "dialogue alliance",
}
"""Any of these in the title or the first 600 characters."""


def by_words(theme: str, releases: Sequence[LabelledRelease]) -> Flags:
    """Return what the rule of ten words says of each release."""
    words = WORDS[theme].split()
    texts = [f"{one.title} {one.text[:600]}".casefold() for one in releases]
    return np.array([any(word in text for word in words) for text in texts])


def by_counted_words(theme: str, releases: Sequence[LabelledRelease], seen: Flags) -> Flags:
    """Return what TF-IDF with logistic regression says of each release.

    Of those seen, by the folds that a theme's own fitting has; of the others, by all seen. Words
    and pairs of words, classes weighed alike (better than the plain form on these releases).
    """
    belongs = np.array([one.labels[theme] for one in releases])
    said = np.zeros(len(releases), np.bool_)
    places = np.flatnonzero(seen)
    fold_of = folds([releases[at].group for at in places.tolist()])
    parts = [(places[fold_of != fold], places[fold_of == fold]) for fold in range(FOLDS)]
    for taught, asked in [*parts, (places, np.flatnonzero(~seen))]:
        if len(asked):
            chosen = [releases[at] for at in taught.tolist()]
            said[asked] = (
                learn(chosen, belongs[taught], [releases[at] for at in asked.tolist()]) > 0
            )
    return said


def learn(
    taught: Sequence[LabelledRelease], belongs: Flags, asked: Sequence[LabelledRelease]
) -> Numbers:
    """Return, above 0 for yes, what is learnt from some releases about others."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    counted = TfidfVectorizer(ngram_range=(1, 2), min_df=3, sublinear_tf=True)
    table = counted.fit_transform([_text(one) for one in taught])
    model = LogisticRegression(C=10, class_weight="balanced", max_iter=1_000)
    model.fit(table, belongs)
    said: Numbers = model.decision_function(counted.transform([_text(one) for one in asked]))
    return said


def _text(one: LabelledRelease) -> str:
    return f"{one.title}\n{one.text}"
