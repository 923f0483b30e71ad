"""Logistic regression drawn towards given weights. Pure, and the same at every run."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Line:
    """Log-odds as a sum: the bias, and each column times its weight."""

    weights: Array
    bias: float


def regress(
    columns: "csr_matrix", belongs: Array, strength: Array, prior: Array, importance: Array
) -> Line:
    """Return the weights under which the labels are likeliest, given where weights are expected.

    `strength` says for each column how hard its weight is drawn towards `prior`: the inverse of a
    normal distribution's variance. The bias is free. (Maximum a posteriori; L-BFGS.)
    """
    count = columns.shape[1]
    across = columns.T.tocsr()
    sign = 2 * belongs - 1

    def loss(at: Array) -> tuple[float, Array]:
        away = at[:count] - prior
        margin = sign * (columns @ at[:count] + at[count])
        value = importance @ np.logaddexp(0, -margin) + 0.5 * strength @ away**2
        slope = -importance * sign * np.exp(-np.logaddexp(0, margin))
        return float(value), np.append(across @ slope + strength * away, slope.sum())

    start = np.append(prior, -3.0)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return Line(found.x[:count], float(found.x[count]))


def rescale(log_odds: Array, belongs: Array) -> tuple[float, float]:
    """Return the slope and shift that make log-odds true to the labels.

    Platt (1999), with his softened labels, and a slope drawn towards 1: a few labels that nothing
    contradicts make nobody sure.
    """
    right = belongs.sum()
    softened = np.where(belongs > 0, (right + 1) / (right + 2), 1 / (len(belongs) - right + 2))

    def loss(at: Array) -> tuple[float, Array]:
        margin = at[0] * log_odds + at[1]
        value = np.logaddexp(0, margin).sum() - softened @ margin + 0.5 * (at[0] - 1) ** 2
        away = np.exp(-np.logaddexp(0, -margin)) - softened
        return float(value), np.array([away @ log_odds + at[0] - 1, away.sum()])

    found = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B")
    return float(found.x[0]), float(found.x[1])


def shift(log_odds: Array, belongs: Array) -> float:
    """Return what is to be added to log-odds for as many to belong as do: 0 or more.

    Drawn to 0, as by one label that contradicts: a few labels move little.
    """

    def loss(at: Array) -> tuple[float, Array]:
        margin = log_odds + at[0]
        value = np.logaddexp(0, margin).sum() - belongs @ margin + 0.5 * at[0] ** 2
        away = np.exp(-np.logaddexp(0, -margin)) - belongs
        return float(value), np.array([away.sum() + at[0]])

    found = minimize(loss, np.zeros(1), jac=True, method="L-BFGS-B", bounds=[(0, None)])
    return float(found.x[0])


def best_threshold(scores: Array, belongs: Array) -> float:
    """Return the score from which on to say yes: half of the best F1 that the scores can reach.

    For scores that are frequencies it is where F1 is best (Lipton, Elkan and Naryanaswamy 2014),
    and it moves far less from sample to sample than the place where F1 happened to be best.
    """
    order = np.argsort(-scores, kind="stable")
    right = np.cumsum(belongs[order])
    said = np.arange(1, len(scores) + 1)
    return round(float((right / (said + belongs.sum())).max()), 2)
