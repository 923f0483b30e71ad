"""What is wrong with a line of `match`: the field is named, and the fix."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.plain import PlainRelease, PlainSubscription
from alerts.plain_faults import fault_of


@pytest.mark.parametrize(
    "line,fault",
    [
        ('{"themes": []}', '"id" is missing: text or a whole number is needed'),
        ('{"id": null}', '"id" is null: text or a whole number is needed'),
        ('{"id": 1.5}', '"id" is a number: text or a whole number is needed'),
        (
            '{"id": 1, "themes": "migration"}',
            '"themes" is text: a list of texts is needed, as ["migration"]',
        ),
        ('{"id": 1, "countries": {}}', '"countries" is an object: a list of texts is needed'),
        ('{"id": 1, "keywords": ["a", null]}', 'value 2 of "keywords" is null: text is needed'),
        ('{"id": 1, "theme": []}', 'field "theme" is not known: did you mean "themes"?'),
        (
            '{"id": 1, "zzz": []}',
            'field "zzz" is not known: there are id, themes, countries, organisations, keywords, '
            "not_keywords",
        ),
        ("not json", "it is no JSON from column 1 on: not json"),
        ('{"id": 1,, "x": 2}', 'it is no JSON from column 10 on: , "x": 2}'),
        ('{"id": "x"', "it breaks off: a line is one whole object"),
        ("[1]", 'it is a list: an object is needed, such as {"id": "1", "themes": []}'),
        ('{"id": NaN}', '"id" is a number: text or a whole number is needed'),
    ],
)
def test_the_fault_of_a_subscription_is_said_in_words(line: str, fault: str) -> None:
    assert fault_of(PlainSubscription, line.encode()) == fault


@pytest.mark.parametrize(
    "line,fault",
    [
        ('{"id": 1, "text": 5}', '"text" is the number 5: text is needed'),
        ('{"id": 1, "theme": 5, "text": []}', '"text" is a list: text is needed'),
    ],
)
def test_another_field_of_a_release_is_no_fault(line: str, fault: str) -> None:
    assert fault_of(PlainRelease, line.encode()) == fault


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
    max_leaves=8,
)
LINES = st.dictionaries(st.sampled_from([*PlainSubscription.__struct_fields__, "x"]), JSON)


@given(LINES | JSON)
def test_whatever_is_refused_has_a_fault_that_is_told_apart(value: Any) -> None:
    line = json.dumps(value).encode()
    try:
        msgspec.json.decode(line, type=PlainSubscription)
    except msgspec.ValidationError:
        assert "every program" not in fault_of(PlainSubscription, line)
    except msgspec.DecodeError:
        fault_of(PlainSubscription, line)
