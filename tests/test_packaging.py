"""Four packages with common names, installed side by side, and nothing else with them."""

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import despatch

ROOT = Path(__file__).parents[1]
HOME = Path(despatch.__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PACKAGES = ("ingest", "processors", "alerts", "despatch")


@pytest.mark.parametrize("name", PACKAGES)
def test_nothing_stands_before_a_package_on_the_path(name: str) -> None:
    """`import alerts` gets ours: pip lets another distribution overwrite it without a word."""
    file = import_module(name).__file__
    assert file is not None
    assert Path(file).parents[1] == HOME


@pytest.mark.parametrize("name", PACKAGES)
def test_no_other_distribution_claims_the_name_of_a_package(name: str) -> None:
    """An editable install lists none of its packages: hence a subset."""
    assert set(packages_distributions().get(name, ())) <= {"despatch"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (file,) = folder.glob("*.whl")
    with zipfile.ZipFile(file) as opened:
        return opened


def test_the_wheel_holds_the_four_packages_and_no_test_and_no_document(
    wheel: zipfile.ZipFile,
) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    version = PROJECT["version"]
    assert tops == {*PACKAGES, f"despatch-{version}.dist-info"}


@pytest.mark.parametrize("pattern", ["*.py", "*.toml", "*.typed", "*.sql", "*.html", "*.css"])
def test_the_wheel_holds_every_file_of_the_packages(wheel: zipfile.ZipFile, pattern: str) -> None:
    held = set(wheel.namelist())
    ours = {
        file.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for file in (ROOT / package).rglob(pattern)
    }
    assert ours <= held


def test_the_wheel_holds_what_a_first_run_needs(wheel: zipfile.ZipFile) -> None:
    held = wheel.namelist()
    assert "despatch/py.typed" in held
    assert "processors/themes/migration.toml" in held
    assert "processors/themes/partnerships.toml" in held
    assert any(re.fullmatch(r"despatch/store/migrations/versions/\w+\.py", n) for n in held)
    assert any(re.fullmatch(r"despatch/seed/000_\w+\.txt", n) for n in held)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in held)


def test_the_list_of_dependencies_with_their_reasons_is_that_of_the_project() -> None:
    """docs/dependencies.md has one row for each, in order."""
    rows = re.findall(
        r"^\| \[?`([\w-]+)", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE
    )
    needed = [re.split(r"[\[<>=~! ]", line)[0] for line in PROJECT["dependencies"]]
    assert rows == needed
