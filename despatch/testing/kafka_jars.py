"""Where the jars of Apache Kafka come from: Maven, once, into the user's cache folder."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = "4.3.1"

_POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>despatch</groupId><artifactId>kafka-for-tests</artifactId><version>1</version>
  <dependencies>{dependencies}
  </dependencies>
</project>
"""

_DEPENDENCY = """
    <dependency>
      <groupId>{0}</groupId><artifactId>{1}</artifactId><version>{2}</version>
    </dependency>"""

_ARTIFACTS = (
    ("org.apache.kafka", "kafka_2.13", VERSION),
    ("org.apache.kafka", "kafka-tools", VERSION),
    ("org.slf4j", "slf4j-simple", "1.7.36"),
)


class Missing(Exception):
    """A server that tests need can't be started here; the text tells how to get it."""


def jars() -> Path:
    """Return the folder with Kafka's jars, fetched on the first call (54 MB).

    It is `kafka-4.3.1/libs` under `$XDG_CACHE_HOME/despatch` (else `~/.cache/despatch`). Raises
    Missing when Java or Maven is, or when Maven fails.
    """
    for command in ("java", "mvn"):
        if shutil.which(command) is None:
            raise Missing(
                f"Kafka for tests needs Java 17 and Maven, and there is no `{command}`: install "
                "them (Debian: apt install openjdk-17-jre-headless maven)"
            )
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = home / "despatch" / f"kafka-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        if not (folder / "complete").exists():
            _fetch(folder)
            (folder / "complete").touch()
    return folder / "libs"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time fetch: test runs may start side by side."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(folder: Path) -> None:
    pom = folder / "pom.xml"
    pom.write_text(_POM.format(dependencies="".join(_DEPENDENCY.format(*a) for a in _ARTIFACTS)))
    copy = ["dependency:copy-dependencies", f"-DoutputDirectory={folder / 'libs'}"]
    done = subprocess.run(
        ["mvn", "--batch-mode", "--quiet", "--file", str(pom), *copy],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Missing(f"Maven could not fetch Kafka {VERSION}: {done.stdout.strip()[-500:]}")
