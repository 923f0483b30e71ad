"""An operator's own templates: a broken one is named with its line; nobody goes untold for one."""

from pathlib import Path

import pytest

from alerts.messages import Messages, Templates
from alerts.messages.faults import TemplateFault
from alerts.messages.specimens import check, specimens
from alerts.messages.templates import BUILT_IN, built_in, names
from despatch.errors import SettingsError
from despatch.model import DeliveryId
from despatch.testing import a_classified, a_release, a_revision
from despatch.testing.subscribers import an_alert

KEY = DeliveryId("y-key")
WAYS_OUT = (
    "{{ you.reason }}{% if you.unsubscribe %}{{ you.unsubscribe }}{% elif you.commands %}"
    "{{ you.commands }}{% endif %}{{ you.key }}"
)


def own(folder: Path, text: str, name: str = "release.txt.j2") -> Templates:
    (folder / name).write_text(text, encoding="utf-8")
    return Templates(folder)


def test_those_that_come_with_despatch_are_right() -> None:
    check(built_in())


def test_one_takes_the_place_of_the_built_in_one_and_the_rest_stay(tmp_path: Path) -> None:
    mine = own(tmp_path, "MINE {{ said.about.title }}\n" + WAYS_OUT)
    check(mine)
    messages, alert = Messages(mine), specimens()["new"]
    assert messages.text(alert, KEY).startswith("MINE New partnership")
    assert messages.html(alert, KEY) == Messages().html(alert, KEY)


def test_a_part_that_others_are_made_of_can_be_replaced_alone(tmp_path: Path) -> None:
    mine = own(tmp_path, f"Bye. {WAYS_OUT}", "_foot.txt.j2")
    check(mine)
    assert "\nBye. " in Messages(mine).text(specimens()["digest"], KEY)


def test_all_of_them_copied_write_the_same(tmp_path: Path) -> None:
    for name in names():
        (tmp_path / name).write_bytes((BUILT_IN / name).read_bytes())
    copied = Templates(tmp_path)
    check(copied)
    assert set(copied.own) == set(names())
    alert = specimens()["revised"]
    assert Messages(copied).html(alert, KEY) == Messages().html(alert, KEY)


@pytest.mark.parametrize(
    "text, line, words",
    [
        ("a\nb {% if %}\nc", 2, "Expected an expression"),
        ("a\n\n{{ said.titel }}", 3, "it shows what is not there: .* has no attribute 'titel'"),
        ("a\n{{ nothing }}", 2, "it shows what is not there: 'nothing' is undefined"),
        ("{{ said.__class__.__mro__ }}", 1, "it reaches for what templates may not see"),
        ("x\n{{ said.event.format.__globals__ }}", 2, "it reaches for what templates may not see"),
        ("{{ said.subject.nothing() }}", 1, "it shows what is not there"),
        ("\n{% include 'no.j2' %}", 2, "there is no template of this name: "),
        ("{{ 1 / 0 }}", 1, "ZeroDivisionError"),
        ("{{ said.subject | tojsonn }}", 1, "No filter named 'tojsonn'"),
        ("{% for x in range(10**9) %}{% endfor %}", 1, "OverflowError: Range too big"),
    ],
)
def test_a_broken_one_is_named_with_its_line(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    broken = own(tmp_path, text)
    found = rf"template {tmp_path}/release\.txt\.j2, line {line}: {words}.*; put it right, or rem"
    with pytest.raises(TemplateFault, match=found):
        check(broken)


def test_a_fault_in_a_part_is_named_where_it_is(tmp_path: Path) -> None:
    broken = own(tmp_path, "fine\n{{ you.reasn }}", "_foot.txt.j2")
    with pytest.raises(TemplateFault, match=rf"template {tmp_path}/_foot\.txt\.j2, line 2: "):
        check(broken)


@pytest.mark.parametrize(
    "text, words",
    [
        ("{{ said.about.title }}", "does not say how to unsubscribe"),
        ("{{ you.reason }}{{ you.unsubscribe }}", "does not say how to stop where there are no"),
        ("{{ you.unsubscribe }}{{ you.commands }}", "does not say why one gets it"),
        (WAYS_OUT + "{{ you.reason[:1] }}", "cuts a recipient's own words"),
    ],
)
def test_one_that_keeps_its_reader_in_the_dark_is_refused(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(TemplateFault, match=rf"release\.txt\.j2 {words}"):
        check(own(tmp_path, text))


def test_a_slip_in_a_name_is_found(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"has relase.txt.j2, which nothing shows: did you mea"):
        own(tmp_path, WAYS_OUT, "relase.txt.j2")


def test_a_folder_that_is_not_there_is_told_with_the_way_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"is no folder: .* --copy-to DIR"):
        Templates(tmp_path / "no")


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "sms.txt.j2").write_bytes(b"\xff\xfe{{ head }}")
    with pytest.raises(TemplateFault, match=r"sms\.txt\.j2 can't be read"):
        check(Templates(tmp_path))


def test_html_escapes_by_itself_in_an_operator_s_template_too(tmp_path: Path) -> None:
    mine = own(tmp_path, "<p>{{ said.about.title }}</p>" + WAYS_OUT, "release.html.j2")
    alert = an_alert(a_classified(a_revision(a_release("x", title="<b>& co"))))
    assert "<p>&lt;b&gt;&amp; co</p>" in Messages(mine).html(alert, KEY)


def test_one_that_fails_for_some_release_only_is_passed_over_for_the_built_in(
    tmp_path: Path,
) -> None:
    mine = own(tmp_path, "{{ said.themes[0].name }}: " + WAYS_OUT)
    bare = an_alert(a_classified(themes=()))
    assert Messages(mine).text(bare, KEY) == Messages().text(bare, KEY)
    assert Messages(mine).text(an_alert(), KEY).startswith("migration: ")
