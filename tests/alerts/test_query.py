"""The query language: read, refused with the way out, and written back."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.query import Known, parse, show
from despatch.errors import UsageError
from despatch.filter import Choice, Filter, Names, Phrase, Phrases
from despatch.wording import name_key, words

KNOWN = Known(
    themes=("migration", "partnerships"),
    countries={"turkiye": "TR", "turkey": "TR", "albania": "AL", "united kingdom": "GB"},
)


def asks(**facets: Any) -> Filter:
    return Filter.model_validate(facets)


MEANT: list[tuple[str, Filter]] = [
    ("*", Filter()),
    ("theme:migration", asks(themes={"all": ["migration"]})),
    ("theme:migration,partnerships", asks(themes={"any": ["migration", "partnerships"]})),
    ("theme:migration theme:partnerships", asks(themes={"all": ["migration", "partnerships"]})),
    ("theme:migration OR theme:partnerships", asks(themes={"any": ["migration", "partnerships"]})),
    ("-theme:migration", asks(themes={"none": ["migration"]})),
    ("NOT theme:migration", asks(themes={"none": ["migration"]})),
    ("country:tr, al", asks(countries={"any": ["AL", "TR"]})),
    ('org:"Home Office"', asks(organisations={"all": ["Home Office"]})),
    ("organisation:“Home Office”", asks(organisations={"all": ["Home Office"]})),
    ('person:"Ada Okoye","Bo Berg"', asks(people={"any": ["Ada Okoye", "Bo Berg"]})),
    (
        'type:"press release" AND source:gov.uk',
        asks(document_types={"all": ["press_release"]}, sources={"all": ["gov.uk"]}),
    ),
    ("visa fee", asks(phrases={"all": [{"text": "visa"}, {"text": "fee"}]})),
    ("visa,fee", asks(phrases={"any": [{"text": "visa"}, {"text": "fee"}]})),
    ("visa OR fee", asks(phrases={"any": [{"text": "visa"}, {"text": "fee"}]})),
    ("title:visa", asks(phrases={"all": [{"text": "visa", "where": "title"}]})),
    ("exact:fees", asks(phrases={"all": [{"text": "fees", "exact": True}]})),
    (
        'title:exact:"visa fees" OR exact:title:permit',
        asks(
            phrases={
                "any": [
                    {"text": "visa fees", "exact": True, "where": "title"},
                    {"text": "permit", "exact": True, "where": "title"},
                ]
            }
        ),
    ),
    ("-small-boats", asks(phrases={"none": [{"text": "small-boats"}]})),
    ("at 10:30", asks(phrases={"all": [{"text": "at"}, {"text": "10:30"}]})),
    ("score:>0.8", asks(minimum_score=0.8)),
    ("score:>=80%", asks(minimum_score=0.8)),
    (
        'theme:migration country:TR,AL -"small boats" "visa fee"',
        asks(
            themes={"all": ["migration"]},
            countries={"any": ["TR", "AL"]},
            phrases={"all": [{"text": "visa fee"}], "none": [{"text": "small boats"}]},
        ),
    ),
    (
        '{"themes": {"any": ["migration"]}, "minimum_score": 0.5}',
        asks(themes={"all": ["migration"]}, minimum_score=0.5),
    ),
]


@pytest.mark.parametrize("query, meant", MEANT, ids=[query for query, _meant in MEANT])
def test_a_query_is_read(query: str, meant: Filter) -> None:
    assert parse(query, KNOWN) == meant


@pytest.mark.parametrize(
    "query, why, place",
    [
        ("", "write * for every release", None),
        ("theme:migraton visa", "did you mean migration?", "theme:>>migraton<< visa"),
        ("theme:fish", "there are migration, partnerships", "theme:>>fish<<"),
        ("country:Turkey", "'Turkey' is TR", "country:>>Turkey<<"),
        (
            'country:TR,"united kingdon"',
            "did you mean GB (united kingdom)?",
            'TR,>>"united kingdon"<<',
        ),
        ("country:XZ", "no country 'XZ'", ">>XZ<<"),
        ("country:Atlantis", "no country 'Atlantis'", ">>Atlantis<<"),
        ("topic:fish", "no field 'topic'", ">>topic<<:fish"),
        ("https://example.gov", "goes into quotes", ">>https<<://example.gov"),
        ("theme:", "a value is missing", ">>theme:<<"),
        ("theme:migration,", "a value is missing", "theme:migration>>,<<"),
        ('visa "small boats', "not closed", 'visa >>"<<small boats'),
        ("(visa)", "no parentheses", ">>(<<visa)"),
        ("-", "a value is missing", ">>-<<"),
        ('"!"', "no letter or digit", '>>"!"<<'),
        ("visa or fee", "write OR in capitals", "visa >>or<< fee"),
        ("OR visa", "OR stands between two values", ">>OR<< visa"),
        ("visa OR", "OR stands between two values", "visa >>OR<<"),
        ("visa OR OR fee", "OR stands between two values", "visa OR >>OR<< fee"),
        ("visa NOT", "nothing follows NOT", "visa >>NOT<<"),
        ("theme:migration OR visa", "make two subscriptions", ">>theme:migration OR visa<<"),
        ("visa OR -fee", "can't be joined by OR", ">>visa OR -fee<<"),
        ("a,b c,d", "a group of alternatives for this field already", "a,b >>c,d<<"),
        ("theme:country:TR", "two fields at once", ">>theme:country:TR<<"),
        ("score:2", "one number from 0 to 1", ">>score:2<<"),
        ("score:high", "one number from 0 to 1", ">>score:high<<"),
        ("score:>0.5 score:>0.6", "one number from 0 to 1", ">>score:>0.6<<"),
        ("visa -visa", "both asked for and excluded", ">>visa -visa<<"),
        ('{"themes": ["migration"]}', "as JSON: themes", None),
        ('{"themes":', "query as JSON: EOF while parsing", None),
        ('{"themes": {"any": ["migraton"]}}', "did you mean migration", None),
        ('{"theme": {}}', "as JSON: theme", None),
    ],
)
def test_a_wrong_query_points_at_the_place_and_says_the_way_out(
    query: str, why: str, place: str | None
) -> None:
    with pytest.raises(UsageError) as caught:
        parse(query, KNOWN)
    assert why in str(caught.value)
    assert place is None or place in str(caught.value)


def test_without_knowledge_any_theme_and_code_will_do() -> None:
    assert parse("theme:fish country:XZ") == asks(
        themes={"all": ["fish"]}, countries={"all": ["XZ"]}
    )


NAMES = st.text(min_size=1, max_size=20).filter(lambda text: bool(name_key(text.replace('"', " "))))
IDS = st.from_regex(r'\A[^\s"]{1,12}\Z')
CODES = st.from_regex(r"\A[A-Z]{2}\Z")
PHRASES = st.builds(
    Phrase,
    text=st.text(min_size=1, max_size=20).filter(lambda text: bool(words(text.replace('"', " ")))),
    exact=st.booleans(),
    where=st.sampled_from(["anywhere", "title"]),
)


def choices(of: type[Choice[Any]], values: st.SearchStrategy[Any], key: Any) -> Any:
    """Return a strategy of choices that ask for nothing that they exclude."""

    def made(three: tuple[list[Any], list[Any], list[Any]]) -> Any:
        some, every, without = three
        asked = {key(value) for value in [*some, *every]}
        return of(any=some, all=every, none=[one for one in without if key(one) not in asked])

    return st.tuples(*[st.lists(values, max_size=3)] * 3).map(made)


def _kind(name: str) -> str:
    return re.sub(r"[\s-]+", "_", " ".join(name.replace('"', " ").split()).lower())


FILTERS = st.builds(
    Filter,
    themes=choices(Choice, IDS, str),
    countries=choices(Choice, CODES, str),
    organisations=choices(Names, NAMES, lambda name: name_key(name.replace('"', " "))),
    people=choices(Names, NAMES, lambda name: name_key(name.replace('"', " "))),
    document_types=choices(Choice, NAMES, _kind),
    sources=choices(Choice, IDS, str),
    phrases=choices(Phrases, PHRASES, lambda one: (one.words(), one.where, one.exact)),
    minimum_score=st.none() | st.floats(0, 1),
)


@given(FILTERS)
def test_a_filter_is_read_back_as_it_is_shown(filter_: Filter) -> None:
    assert parse(show(filter_)) == filter_


@given(FILTERS)
def test_a_filters_json_is_a_query(filter_: Filter) -> None:
    assert parse(filter_.model_dump_json(exclude_defaults=True)) == filter_


@given(st.text(max_size=40) | st.text('theme:country-" ,()ORNTabx*{}', max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        filter_ = parse(text, KNOWN)
    except UsageError:
        return
    assert parse(show(filter_), KNOWN) == filter_


def test_a_filter_is_shown_as_people_write_it() -> None:
    query = (
        'theme:migration country:AL,TR -org:"Home Office" "visa fee" title:a OR exact:b '
        '-"small boats" score:>=0.8'
    )
    assert show(parse(query)) == query
