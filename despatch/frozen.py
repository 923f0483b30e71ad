"""What every model is made from: immutable, strict about its fields, UTC times only."""

from datetime import UTC
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict

Instant = Annotated[AwareDatetime, AfterValidator(lambda at: at.astimezone(UTC))]
"""A moment, always in UTC; a naive time is refused."""


class Frozen(BaseModel):
    """What every model here is: immutable, and strict about its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64")
