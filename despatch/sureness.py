"""How sure a theme is, as people are told it; machines are given the number. Pure."""


def percent(score: float) -> str:
    """Return a score for people, the one form that it has: `97%`. Nothing is ever certain."""
    return f"{min(99, max(1, round(100 * score)))}%"
