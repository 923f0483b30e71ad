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
        (
            "Ports",
            "The Justice Department said that it reached an agreement with officials of the "
            "Larkfield Harbour Authority.",
            ["agreement: Department of Justice + Larkfield Harbour Authority"],
        ),
        ("Peru Signs the Harbour Accords", "", ["agreement: Peru"]),
        ("Peru's Minister Speaks of the Harbour Accords", "", []),
        (
            "Joint Statement on Support for Peru",
            "The following was released by the Minister of Harbours of Chile Ada Lind and the "
            "High Minister of Ports and Canals of the Republic of France. Peru and Spain wait.",
            ["joint statement: Chile + France"],
        ),
        (
            "Chile and France Meet",
            "The ministers decided to develop a roadmap with milestones.",
            ["roadmap: Chile + France"],
        ),
        ("Chile and France Meet", "The ministers spoke of a roadmap that was announced.", []),
        ("Chile and France in agreement on harbours", "", []),
        (
            "Joint Statement by the U.S. Department of State and U.S. Department of Defense",
            "",
            ["joint statement: Department of State + Department of Defense"],
        ),
        (
            "Chile and France Meet",
            "Both launched the new Ports Alliance, a partnership to help ships.",
            ["alliance: Chile + France"],
        ),
        ("Ports", "It forms the core of the Chile-Peru Alliance, established in 2010.", []),
        ("Ports", "Chile is party to the France, Peru and Spain Treaty, which was agreed.", []),
        ("Ports", "Pursuant to the new treaty between France and Spain, agreed then.", []),
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


@pytest.mark.parametrize(
    "title,status",
    [
        ("Peru Becomes Tenth Nation to Sign the Harbour Accords", "signed"),
        ("Peru to Sign the Harbour Accords", "planned"),
        ("Advancing a Harbour Agreement between Peru and Chile", "in talks"),
    ],
)
def test_who_becomes_the_tenth_to_sign_has_signed(title: str, status: str) -> None:
    assert [one.status for one in find_facts(title, "").agreements] == [status]


def test_what_a_title_leaves_open_the_text_may_say() -> None:
    found = find_facts(
        "Chile-Peru Harbour Dialogue", "The ministers will hold the Chile-Peru Harbour Dialogue."
    )
    assert [one.status for one in found.agreements] == ["planned"]


def test_a_minister_of_cooperation_does_not_work_with_his_country() -> None:
    found = find_facts("Minister of Cooperation greets the sailors of India", "").countries
    assert [(one.code, one.role) for one in found] == [("IN", "mentioned")]
