"""Who is party to what, where a sentence says it in a roundabout way."""

import pytest

from processors.facts import find_facts


def agreements(title: str, text: str = "") -> list[str]:
    found = find_facts(title, text).agreements
    return [f"{one.instrument}: {' + '.join(one.parties)}" for one in found]


@pytest.mark.parametrize(
    "title,text,expected",
    [
        ("U.S.– EU Ports Dialogue", "", ["dialogue: United States + European Union"]),
        (
            "Agreement between the Government of France, the Government of Chile, and the "
            "Government of Peru",
            "",
            ["agreement: France + Chile + Peru"],
        ),
        (
            "Harbour Partnership",
            "It began today. Its partners, including Chile, Peru, France and Spain, will meet.",
            ["partnership: Chile + Peru + France + Spain"],
        ),
        (
            "Roadmap for a Renewed Chile-Peru Partnership",
            "",
            ["roadmap: Chile + Peru", "partnership: Chile + Peru"],
        ),
        (
            "Justice Department Signs Agreement with the Village of Larkfield, Ohio",
            "",
            ["agreement: Department of Justice + Village of Larkfield"],
        ),
        (
            "Ports",
            "The Justice Department reached an agreement with Larkfield County on its harbour.",
            ["agreement: Department of Justice + Larkfield County"],
        ),
        (
            "The United States and the African Union Commission Sign Memorandum of Cooperation",
            "",
            ["memorandum of cooperation: United States + African Union"],
        ),
        ("Ports", "The Justice Department reached an agreement with Larkfield Harbours Ltd.", []),
        ("Harbour Partnership", "Visitors, including Chile, Peru, France and Spain, met.", []),
    ],
)
def test_parties_are_read_from_titles_lists_and_names(
    title: str, text: str, expected: list[str]
) -> None:
    assert agreements(title, text) == expected


@pytest.mark.parametrize(
    "text,parties",
    [
        ("Office of the Press\n\nFrance met Spain in Lisbon today to talk of ports.", ["FR", "ES"]),
        ("Office of the Press\n\nThe United States welcomes the arrival of a ship today.", []),
        ("The ship left Co. Mayo. It will meet with France and Spain on the high seas today.", []),
    ],
)
def test_a_byline_is_not_the_first_sentence(text: str, parties: list[str]) -> None:
    found = find_facts("Ports", text).countries
    assert [one.code for one in found if one.role == "party"] == parties
