"""Made-up messages of every kind: to look at, and to try an operator's templates on."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from alerts.messages.faults import TemplateFault
from alerts.messages.forms import FORMS, SUFFIXES, Form
from alerts.messages.fragments import Fragments
from alerts.messages.personal import MARK, marks
from alerts.messages.said import kind_of
from alerts.messages.saying import say
from alerts.messages.short import words_of
from alerts.messages.templates import END, Templates
from despatch.facts import Agreement, Country, DateFact, Facts, Figure, Person, Span
from despatch.fingerprint import digest, fingerprint, release_id, revision_id
from despatch.model import (
    Alert,
    AlertId,
    Classified,
    Details,
    Digest,
    DigestItem,
    Evidence,
    Fetched,
    Linked,
    Release,
    Revision,
    Rewording,
    SourceId,
    SubscriberId,
    SubscriptionId,
    ThemeId,
    ThemeScore,
)

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TITLE = "New partnership with Ruritania to stop people smuggling"
TEXT = (
    "The Home Secretary signed a partnership with Ruritania on Monday. Both governments will act "
    "against people smuggling gangs & share what they know. Small boat arrivals from Ruritania "
    "fell by 40% compared to last year. The partnership starts on 1 April 2026.\n\n"
    "A visa fee of £38 applies from the same day."
)
_REASON = "your subscription “Ruritania” asks for theme migration (the first sight of this release)"

_UNASKED = frozenset({"confirm", "test", "alarm", "recovered"})
_OPERATOR = "you are the operator of this installation (setting operator_url)"


def specimens() -> Mapping[str, Alert]:
    """Return a made-up alert of every kind, by name: `new`, `revised`, …, `digest`, `alarm`."""
    about = classified()
    return {
        "new": alert("new", about, also=(Linked(title="Ruritania's foreign ministry"),)),
        "late": alert("new", _late(about)),
        "revised": alert(
            "revised",
            about,
            changed="Now says: “A visa fee of £38 applies.” (was: “A visa fee of £35 applies.”)",
            changes=(
                Rewording(before="A visa fee of £35 applies.", now="A visa fee of £38 applies."),
                Rewording(now="The partnership starts on 1 April 2026."),
                Rewording(before="Talks go on."),
            ),
            more_changes=2,
        ),
        "withdrawn": alert("withdrawn", _withdrawn(about)),
        "restored": alert("restored", about),
        "translated": alert("new", _welsh(about)),
        "digest": alert("digest", None, digest=a_digest()),
        **_notes(),
    }


def check(templates: Templates) -> None:
    """Raise TemplateFault unless each template shows every specimen, why, and how to stop."""
    templates.compile_all()
    shapes = ((True, True, True), (True, False, False), (False, False, False))
    for one in specimens().values():
        said = say(one)
        for form in FORMS:
            for has in shapes:
                made, _shown = Fragments(templates.render_item).ready(said, form)
                shown = templates.render(kind_of(said), form, said=made, you=marks(has))
                _hold(shown, has, f"{kind_of(said)}.{SUFFIXES[form]}{END}", form)
        words = words_of(said, ("Ruritania",))
        line = templates.render_short(
            head=words.cut(40), link=words.link, why=words.why, event=said.event
        )
        if words.link not in line:
            raise TemplateFault(
                "template sms.txt.j2 does not show the link whole: show {{ link }} as it is"
            )


def _hold(shown: str, has: tuple[bool, bool, bool], name: str, form: Form) -> None:
    """Refuse a message that says nothing, or does not tell its reader the way out."""
    there = {int(number) for number in MARK.findall(shown)}
    if has[2] and 4 not in there:
        raise TemplateFault(
            f"template {name} does not say how to unsubscribe: show {{{{ you.unsubscribe }}}}"
        )
    if has == (True, False, False) and 2 not in there:
        raise TemplateFault(
            f"template {name} does not say how to stop where there are no links: show "
            "{{ you.commands }}"
        )
    if 0 not in there:
        raise TemplateFault(
            f"template {name} does not say why one gets it: show {{{{ you.reason }}}}"
        )
    if MARK.sub("", shown).count("\ufdd0") or not shown.strip():
        raise TemplateFault(
            f"template {name} cuts a recipient's own words ({form}): show `you.…` as it is"
        )


def alert(event: Any, about: Classified | None, **changed: Any) -> Alert:
    """Return a made-up alert."""
    asked = () if event in _UNASKED else (SubscriptionId("s-1f2e3d4c"),)
    fields: dict[str, Any] = {
        "id": AlertId("a-" + digest("specimen", event)),
        "subscriber": SubscriberId("u-specimen"),
        "event": event,
        "classified": about,
        "reason": _REASON if asked else _OPERATOR,
        "subscriptions": asked,
        "names": ("Ruritania",) if asked else (),
        "created_at": AT + timedelta(minutes=1),
    }
    return Alert(**(fields | changed))


def classified(title: str = TITLE, text: str = TEXT, name: str = "ruritania") -> Classified:
    """Return a made-up release with themes, evidence and facts."""
    address = f"https://www.example.gov/news/{name}"
    release = Release(
        id=release_id(address, source="example", entry=name),
        address=address,
        source=SourceId("example"),
        source_title="Example Office: news and statements",
        entry=name,
        title=title,
        text=text,
        text_kind="full",
        text_from="page",
        published_at=AT,
        details=Details(
            organisations=(Linked(title="Home Office"), Linked(title="Foreign Office")),
        ),
    )
    print_ = fingerprint(title, text, "live")
    return Classified(
        id="c-" + digest("specimen", name),
        revision=Revision(
            id=revision_id(release.id, release.source, 1, print_),
            release=release,
            cause="new",
            fingerprint=print_,
            number=1,
            observed_at=AT,
            fetched=Fetched(address=f"{address}.atom", at=AT, body_sha256="0" * 64),
        ),
        themes=_themes(release),
        classified_at=AT,
        facts=_facts(release) if "Ruritania" in text else None,
        language="en",
    )


def a_digest() -> Digest:
    """Return a made-up digest: three of five releases, one of them revised."""
    one, two = classified(), classified("Visa fees rise", "Visa fees rise in April.", "visa-fees")
    bare = two.model_copy(update={"themes": ()})
    return Digest(
        since=AT - timedelta(days=1),
        until=AT,
        why="daily 09:30 Europe/London",
        items=(
            DigestItem(classified=one, event="new", reason=_REASON),
            DigestItem(
                classified=two,
                event="revised",
                reason=_REASON,
                changed="Now says: “Visa fees rise in April.” (was: “… in May.”)",
            ),
            DigestItem(classified=bare, event="withdrawn", reason=_REASON),
        ),
        total=5,
        by_theme=((ThemeId("migration"), 4), (ThemeId(""), 1)),
    )


def _notes() -> Mapping[str, Alert]:
    bodies = {
        "receipt": ("0 matches this week", "0 matches.\n14 of 14 sources read, last at 09:28 UTC."),
        "gap": ("example may have left out releases", "Between 27 and 28 February.\n\nLook there."),
        "confirm": ("your alerts", "Open this page:\nhttps://a.example/confirm?t=a_b"),
        "test": ("it works", "This is a test of your channel."),
        "alarm": ("source example fails", "Failed 3 times in a row: HTTP 503.\n\nIt is tried on."),
        "recovered": ("source example fails", "It is read again since 09:28 UTC."),
    }
    reasons = {"confirm": {"reason": "somebody asked for alerts to this address"}}
    return {
        event: alert(event, None, subject=subject, body=body, **reasons.get(event, {}))
        for event, (subject, body) in bodies.items()
    }


def _themes(release: Release) -> tuple[ThemeScore, ...]:
    words = [("people smuggling", 2.6), ("Small boat", 2.1), ("visa fee", 1.2), ("Visa fees", 1.2)]
    migration = tuple(
        Evidence(field=field, start=at, end=at + len(word), text=word, weight=weight)
        for word, weight in words
        for field in ("title", "text")
        if (at := getattr(release, field).find(word)) >= 0
    )
    at = release.text.find("partnership")
    found = [ThemeScore(theme=ThemeId("migration"), version="1", score=0.97, evidence=migration)]
    if at >= 0:
        span = Evidence(field="text", start=at, end=at + 11, text="partnership", weight=1.4)
        found.append(
            ThemeScore(
                theme=ThemeId("partnerships"),
                version="1",
                score=0.84,
                evidence=(span,),
                experimental=True,
            )
        )
    return tuple(found)


def _facts(release: Release) -> Facts:
    def said(words: str) -> tuple[Span, ...]:
        at = release.text.index(words)
        return (Span(field="text", start=at, end=at + len(words), text=words),)

    return Facts(
        countries=(Country(code="XK", name="Ruritania", role="party", evidence=said("Ruritania")),),
        people=(
            Person(
                name="Rudolf Rassendyll", office="Home Secretary", evidence=said("Home Secretary")
            ),
        ),
        agreements=(
            Agreement(
                parties=("United Kingdom", "Ruritania"),
                instrument="partnership",
                status="signed",
                about="people smuggling",
                evidence=said("signed a partnership"),
            ),
        ),
        figures=(
            Figure(
                value=40,
                unit="percent",
                change="down",
                of="small boat arrivals from Ruritania",
                against="last year",
                evidence=said("fell by 40%"),
            ),
        ),
        dates=(DateFact(on=date(2026, 4, 1), kind="starts", evidence=said("1 April 2026")),),
    )


def _late(about: Classified) -> Classified:
    late = about.revision.model_copy(update={"late": True})
    return about.model_copy(update={"revision": late})


def _withdrawn(about: Classified) -> Classified:
    why = "This page is out of date. See the new guidance."
    details = Details(organisations=(Linked(title="Home Office"),), withdrawn_why=why)
    release = about.revision.release.model_copy(update={"status": "withdrawn", "details": details})
    revision = about.revision.model_copy(update={"release": release})
    return about.model_copy(update={"revision": revision})


def _welsh(about: Classified) -> Classified:
    found = classified("Partneriaeth newydd", "Llofnodwyd partneriaeth newydd ddydd Llun.", "cy")
    return found.model_copy(
        update={
            "language": "cy",
            "themes": (),
            "translation_of": about.revision.release.id,
        }
    )
