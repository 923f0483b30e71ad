"""How much of a release its feed shows, and what a theme adds for it. Pure.

Many feeds show a title, or a title and a sentence or two. There a theme's words have fewer places
to stand in than in the release that is announced, so that fewer of them have to be enough.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

TEASER_CHARS = 400
"""A text of at most so many characters is a teaser. Short releases that are whole are mostly longer
(docs/judgement.md)."""

Extent = Literal["title", "teaser", "whole"]
"""What there is of a release: its title alone, a teaser beside it, or a text."""

Added = Annotated[float, Field(ge=0, le=20, allow_inf_nan=False)]


class Short(BaseModel):
    """Log-odds that are added to a theme's bias where only a part of a release is there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Added = 0.0
    teaser: Added = 0.0

    def added(self, extent: Extent) -> float:
        """Return what is added for what there is; 0 for a whole text."""
        return 0.0 if extent == "whole" else float(getattr(self, extent))


def extent_of(text: str) -> Extent:
    """Return how much of a release there is beside its title."""
    if len(text) > TEASER_CHARS and len(text.strip()) > TEASER_CHARS:
        return "whole"
    return "teaser" if text.strip() else "title"
