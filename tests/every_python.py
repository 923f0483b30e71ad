"""Run the unit tests on every Python from 3.11 on that is at hand, each in its own environment.

`make versions`; with `--newest` on the newest alone, as CI does, which has the oldest already.
Interpreters are found as `python3.11`, `python3.12`, … on the path and among
pyenv's; one that is there but on which a step fails makes this fail.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
NAMES = [f"python3.{minor}" for minor in range(11, 20)]
SELECTED = "not kafka and not postgres and not e2e and not slow"


def find(name: str) -> str | None:
    """Return an interpreter that starts, or None: a version manager's shim may not."""
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    for candidate in (shutil.which(name), *pyenv.glob(f"versions/*/bin/{name}")):
        if candidate and subprocess.run([candidate, "-c", ""], capture_output=True).returncode == 0:
            return str(candidate)
    return None


def run(interpreter: str) -> bool:
    """Return whether the unit tests pass on an interpreter."""
    with tempfile.TemporaryDirectory(prefix="despatch-versions-") as folder:
        python = Path(folder) / "bin" / "python"
        steps: list[list[str | Path]] = [
            [interpreter, "-m", "venv", folder],
            [python, *PIP, "--require-hashes", "-r", "requirements-dev.lock"],
            [python, *PIP, "--no-deps", "--no-build-isolation", "-e", "."],
            [python, "-m", "pytest", "-q", "-n", "auto", "-p", "no:cacheprovider", "-m", SELECTED],
        ]
        return all(subprocess.run(step, cwd=ROOT, check=False).returncode == 0 for step in steps)


def main() -> int:
    """Return 0 if the tests pass on each."""
    here = f"python3.{sys.version_info.minor}"
    found = {name: python for name in NAMES if name != here and (python := find(name))}
    if "--newest" in sys.argv[1:]:
        found = dict(list(found.items())[-1:])
    results = {name: run(python) for name, python in found.items()}
    for name, passed in results.items():
        sys.stdout.write(f"{name}: {'passed' if passed else 'FAILED'}\n")
    if not results:
        sys.stdout.write(f"no Python but {here} is at hand\n")
    return 0 if all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
