"""What a figure measures and is compared to, where another stands beside it."""

import pytest

from processors.facts import find_facts


@pytest.mark.parametrize(
    "text,expected",
    [
        (
            "He was ordered to pay £700 in restitution and to forfeit £300.",
            [(700.0, "restitution", ""), (300.0, "", "")],
        ),
        ("Ports that charge £60 for their berths plan to spend £9 million.", [(60.0, "", "")]),
        ("They lost about £900 over a four-year period.", [(900.0, "", "")]),
        ("Losses fell by 9% over the last year.", [(9.0, "Losses", "the last year")]),
        ("Ports paid ₹3 lakh crores in fees.", [(3e12, "fees", "")]),
        ("The 3 WOLDS lost nine soldiers.", []),
        ("In 2011 a Harbour Personnel Board was set up.", []),
    ],
)
def test_a_figure_has_its_own_words_alone(
    text: str, expected: list[tuple[float, str, str]]
) -> None:
    found = find_facts("Ports", text).figures
    assert [(one.value, one.of, one.against) for one in found][: len(expected) or None] == expected
