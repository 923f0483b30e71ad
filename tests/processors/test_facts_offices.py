"""Who holds which office, where words stand around it that belong to neither."""

import pytest

from processors.facts import find_facts


@pytest.mark.parametrize(
    "text,name,office",
    [
        (
            "Lawyers of the Tax Division and Assistant U.S. Attorney Ada Lind were there.",
            "Ada Lind",
            "Assistant U.S. Attorney",
        ),
        (
            "The Minister for Trade and Industry Ada Lind was there.",
            "Ada Lind",
            "Minister for Trade and Industry",
        ),
        ("It was opened by NASA Administrator Bill Larkin.", "Bill Larkin", "NASA Administrator"),
        ("OPENED BYNoneDeputy Attorney General Ada Lind spoke.", "Ada Lind", "Attorney General"),
        (
            "Deputy Assistant Secretary for Western Hemisphere Affairs Ada Lind spoke.",
            "Ada Lind",
            "Deputy Assistant Secretary for Western Hemisphere Affairs",
        ),
        ("The Honorable U.S. District Judge Ada Lind sat.", "Ada Lind", "U.S. District Judge"),
        ("WASHINGTON, DC – President Lind spoke.", "Lind", "President"),
        ("The ship left. Ada Lind, the President, spoke.", "Ada Lind", "President"),
    ],
)
def test_an_office_is_read_with_what_belongs_to_it(text: str, name: str, office: str) -> None:
    assert [(one.name, one.office) for one in find_facts("Ports", text).people] == [(name, office)]


@pytest.mark.parametrize(
    "text",
    [
        "The President Bill 7 was read.",
        "The Director Ada LindChief spoke.",
        "She is to be United States Circuit Judge for the First Circuit.",
        "The President said so, and the Secretary left.",
    ],
)
def test_an_office_without_a_name_is_nobody(text: str) -> None:
    assert find_facts("Ports", text).people == ()
