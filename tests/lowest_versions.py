"""Run the unit tests on the lowest version of each dependency that pyproject.toml allows.

`make bounds`. What only tests need is taken from its lock file: only our own bounds are tried. A
bound that names a version nobody tried makes this fail, too.
"""

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SELECTED = "not kafka and not postgres and not e2e and not slow"
UV = str(Path(sys.executable).with_name("uv"))
BOUND = re.compile(r"([a-z0-9-]+)(?:\[[a-z,]+\])?>=([0-9.]+)")


def bounds(project: Mapping[str, Any]) -> dict[str, str]:
    """Return the lowest version that is allowed of what runs and what builds, by name."""
    stated = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
    return {name: version for one in stated for name, version in BOUND.findall(one)}


def pinned(project: Mapping[str, Any], but: Mapping[str, str]) -> list[str]:
    """Return what tests need besides, each at its locked version."""
    lock = (ROOT / "requirements-dev.lock").read_text()
    locked = dict(re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==([^\s;]+)", lock, re.MULTILINE))
    names = [re.split(r"[^a-z0-9-]", one)[0] for one in project["dependency-groups"]["dev"]]
    return [f"{name}=={locked[name]}" for name in names if name not in but]


def installed(python: Path) -> dict[str, str]:
    """Return the version of everything in an environment, by name."""
    said = subprocess.run(
        [UV, "pip", "list", "--quiet", "--format", "json", "--python", python],
        capture_output=True,
        check=True,
    )
    return {one["name"]: one["version"] for one in json.loads(said.stdout)}


def untried(lowest: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """Return a line for each bound that lies below the version that is there: 3.2 is 3.2.0."""
    return [
        f"{name}>={bound}: what can be installed begins at {there[name]}"
        for name, bound in lowest.items()
        if not re.fullmatch(re.escape(bound) + r"(\.0)*", there[name])
    ]


def run(folder: Path, project: Mapping[str, Any]) -> bool:
    """Return whether the bounds are true and the unit tests pass on them."""
    lowest = bounds(project)
    python = folder / "bin" / "python"
    pip: list[str | Path] = [UV, "pip", "install", "--quiet", "--python", python]
    steps: Sequence[Sequence[str | Path]] = (
        [sys.executable, "-m", "venv", "--without-pip", folder],
        [
            *(*pip, "--resolution", "lowest-direct", "--requirements", "pyproject.toml"),
            *(*project["dependency-groups"]["build"], *pinned(project, lowest)),
        ],
        [*pip, "--no-deps", "--no-build-isolation", "--editable", "."],
    )
    for step in steps:
        subprocess.run(step, cwd=ROOT, check=True)
    wrong = untried(lowest, installed(python))
    sys.stdout.writelines(f"{line}\n" for line in wrong)
    tests: list[str | Path] = [
        python,
        "-m",
        "pytest",
        "-q",
        "-n",
        "auto",
        "-p",
        "no:cacheprovider",
        "-m",
        SELECTED,
    ]
    return not subprocess.run(tests, cwd=ROOT, check=False).returncode and not wrong


def main() -> int:
    """Return 0 if every bound holds."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    with tempfile.TemporaryDirectory(prefix="despatch-bounds-") as folder:
        return 0 if run(Path(folder), project) else 1


if __name__ == "__main__":
    sys.exit(main())
