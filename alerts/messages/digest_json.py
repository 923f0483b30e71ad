"""A digest as a webhook's JSON, made of its releases' JSON. Pure.

Not by the model of the whole: to have it write again what a hundred thousand digests share cost
half of a digest's time. The golden files hold that it is the same.
"""

import json
from collections.abc import Callable

from alerts.messages.payload import linked, shared_part
from alerts.words import one_line
from despatch.model import Alert, Classified, Digest, DigestItem

_NO_ITEMS = '"items":[]}}'
"""How a digest ends that has none: they come last."""

_JSON = json.JSONEncoder(ensure_ascii=False).encode


def digest_json(
    alert: Alert, digest: Digest, subject: str, release_json: Callable[[Classified], str]
) -> str:
    """Return the shared part of a digest as JSON.

    `release_json` returns a release as JSON: what `release_part` says of it.
    """
    whole = shared_part(alert, subject).model_dump_json()
    if not whole.endswith(_NO_ITEMS):
        raise ValueError("the items of a digest are no longer the last of its fields")
    items = ",".join([_item(one, release_json(one.classified)) for one in digest.items])
    return f'{whole.removesuffix(_NO_ITEMS)}"items":[{items}]}}}}'


def _item(one: DigestItem, release: str) -> str:
    head = {
        "event": one.event,
        "reason": one_line(one.reason),
        "changed": one.changed,
        "also": [each.model_dump() for each in linked(one.also)] if one.also else (),
        "subscriptions": one.subscriptions,
    }
    return f'{_JSON(head)[:-1]}, "release": {release}}}'
