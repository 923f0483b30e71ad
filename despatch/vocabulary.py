"""The plain words that models, ids and texts are made of: no model, and nothing to import.

A process that only parses feeds starts in half the time without pydantic.
"""

from typing import Literal, NewType

MAX_TEXT_CHARS = 500_000
"""A release's text is cut here and marked `truncated`."""

LARGE_BYTES = 512 * 1024
"""A body over half a mebibyte needs room; smaller ones are not counted."""

SourceId = NewType("SourceId", str)
ReleaseId = NewType("ReleaseId", str)
RevisionId = NewType("RevisionId", str)
ThemeId = NewType("ThemeId", str)
SubscriberId = NewType("SubscriberId", str)
ChannelId = NewType("ChannelId", str)
SubscriptionId = NewType("SubscriptionId", str)
AlertId = NewType("AlertId", str)
DeliveryId = NewType("DeliveryId", str)

Cause = Literal["new", "completed", "revised", "withdrawn", "restored"]
"""Why a revision exists: docs/reference/revisions.md."""

Event = Literal["new", "revised", "withdrawn", "restored"]
"""What a subscriber can be told about a release."""

Wanted = Literal["new", "revised", "withdrawn", "restored", "gap"]
"""What a subscription can ask to be told of; a gap is a source's, not a release's."""

TextKind = Literal["summary", "full"]
TextFrom = Literal["feed", "page", "api", "file"]
Status = Literal["live", "withdrawn"]
State = Literal["active", "paused", "removed"]
