"""`forget`, `unsuppress`, and a person's own data: what people can ask of whoever runs this."""

import json
import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import SecretStr

from despatch.cli.context import Here, Json, count, err, example, give, here, out
from despatch.errors import NotWritable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alerts.person import Person
    from despatch.app import App
    from despatch.model import SubscriberId

PANEL = "Operators"

Named = Annotated[
    str,
    typer.Argument(
        metavar="ADDRESS",
        help="An e-mail address, a telephone number with its country (+44 7700 900123), a handle "
        "with its sign (@ada), a webhook's or a channel's URL, or a subscriber's name.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(
        rich_help_panel=PANEL,
        epilog=example(
            "despatch forget ada@example.org",
            "despatch forget '+44 7700 900123' --yes",
            "despatch forget @ada",
        ),
    )(forget)
    app.command(rich_help_panel=PANEL, epilog=example("despatch unsuppress ada@example.org"))(
        unsuppress
    )


def forget(
    context: typer.Context,
    person: Named,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; else it is only shown.")] = False,
    as_json: Json = False,
) -> None:
    """Erase a person: name, addresses, subscriptions, and what was written for them.

    What waits is not sent. Of each address a salted hash is kept, so that it is never written to
    again, whoever signs it up; despatch unsuppress ends that. It can't be undone.
    """
    from alerts.person import find_person
    from alerts.person import forget as erase

    with here(context).open() as app:
        _load_channels(app)
        with app.store.transaction() as tx:
            found = find_person(tx, app.senders, person)
            told = {who.id: len(tx.sent_to(who.id)) for who in found.subscribers}
            if yes:
                erase(tx, found, app.clock.now())
        left = app.store.overwrite_deleted() if yes else ""
    if as_json:
        give(_as_json(found, told, yes, left))
        return
    for line in _shown(found, told):
        out.print(line, markup=False)
    if not yes:
        if found.known or not found.suppressed:
            what = "erase it" if found.known else "have nothing sent there all the same"
            out.print(f"Nothing is done yet. To {what}: {_again(person)}", markup=False)
        return
    out.print("Erased." if found.known else "From now on it is written to no more.")
    if left:
        out.print(f"Not all of it is overwritten yet: {left}.", markup=False)
    out.print("Backups that were made before still hold it.")


def unsuppress(context: typer.Context, address: Named, as_json: Json = False) -> None:
    """Let an address be written to again, because its owner asked for it after all.

    It brings nothing back: they sign up anew, or you subscribe them.
    """
    from alerts.addresses import email_address
    from alerts.channels.reached import asked

    other = asked(address)
    found = [SecretStr(key) for key in sorted(other.keys)] if other else [email_address(address)]
    with here(context).open() as app, app.store.transaction() as tx:
        done = sum(tx.unsuppress(one) for one in found) > 0
    if as_json:
        give({"unsuppressed": done})
    else:
        out.print("It can be written to again." if done else "It was not suppressed.")


def export_person(chosen: Here, person: str, to: Path | None) -> None:
    """Write all that is kept about a person, as JSON, to a file of mode 0600 or to the screen."""
    from alerts.person import exported, find_person

    with chosen.open() as app:
        _load_channels(app)
        with app.store.transaction() as tx:
            found = find_person(tx, app.senders, person)
            data = exported(tx, app.senders, found)
    text = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
    if to is None:
        sys.stdout.write(text)
    else:
        try:
            to.touch(mode=0o600)
            to.chmod(0o600)
            to.write_text(text, encoding="utf-8")
        except OSError as exc:
            raise NotWritable(f"{to} can't be written: {exc.strerror}") from exc
    if not found.known:
        err.print("Nothing is kept about them.")


def _again(person: str) -> str:
    """Return the command that does it; a channel's URL is not shown again, it is a secret."""
    return "the same with --yes" if "://" in person else f"despatch forget {quote(person)} --yes"


def _load_channels(app: "App") -> None:
    """Load what reads channels' URLs, which takes seconds, before the store is locked."""
    app.senders.address(SecretStr("mailto://h?from=a@example.org&to=%22a%22@example.org"))


def _shown(found: "Person", told: "Mapping[SubscriberId, int]") -> list[str]:
    """Return what is kept of a person, a line each, without an address."""
    lines = []
    for who in found.subscribers:
        channels = [one.shown for one in found.channels if one.subscriber == who.id]
        asks = [one.name for one in found.subscriptions if one.subscriber == who.id]
        lines.append(
            f"{who.name}, since {who.created_at:%Y-%m-%d}: {count(len(asks), 'subscription')}"
            f"{_in_brackets(asks)}, {count(len(channels), 'channel')}{_in_brackets(channels)}, "
            f"{count(told[who.id], 'alert')}"
        )
    lines += [
        f"{one.shown}, a channel of {who.name}, who is reached elsewhere too and stays"
        for one in found.shared
        for who in found.shared_by
        if who.id == one.subscriber
    ]
    if not found.known:
        kind = found.asked.kind if found.asked is not None else "address"
        lines.append(f"Nothing is kept about that {kind}.")
        lines.append(
            "It was looked for in every channel, as exactly that. Whoever is reached in another "
            "way too is found by that address, or by their name in despatch subscriptions list."
        )
    if found.asked is not None and found.known:
        lines.insert(0, f"By that {found.asked.kind}:")
    if found.suppressed:
        lines.append("The address is written to no more, since it was forgotten before.")
    return lines


def _in_brackets(parts: list[str]) -> str:
    return f" ({'; '.join(parts)})" if parts else ""


def _as_json(
    found: "Person", told: "Mapping[SubscriberId, int]", done: bool, left: str
) -> dict[str, object]:
    return {
        "erased": done,
        "subscribers": [
            {"id": who.id, "name": who.name, "alerts": told[who.id]} for who in found.subscribers
        ],
        "subscriptions": [one.id for one in found.subscriptions],
        "by": found.asked.kind if found.asked else "e-mail address" if found.address else "name",
        "channels": [one.shown for one in (*found.channels, *found.shared)],
        "suppressed": done or found.suppressed,
        "left": left,
    }
