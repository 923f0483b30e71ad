"""What docker-compose.yml starts, started: each command and health check, as processes.

Docker's own part (images, users, read-only file systems) is not tried here, there is none: the
file's rules are in tests/test_deployment.py.
"""

import base64
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from despatch.testing.channels import webhook_server
from despatch.testing.compose import ComposeFile, Service, read_compose
from despatch.testing.free_ports import free_ports
from despatch.testing.http import Answer, LoopbackServer
from despatch.testing.installation import wait_for
from despatch.testing.kafka_broker import KafkaBroker
from despatch.testing.kafka_jars import jars
from despatch.testing.postgres_server import PostgresServer

COMPOSE = Path(__file__).parents[2] / "docker-compose.yml"
SECRETS = {
    "POSTGRES_PASSWORD": "0123456789abcdef",
    # As the first command of the file makes one: openssl rand -base64 32 | tr '+/' '-_'
    "DESPATCH_SECRET_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
}
IN_THE_FILE = "postgresql://despatch:{POSTGRES_PASSWORD}@postgres:5432/despatch".format(**SECRETS)
CONTAINER_PORT = "8000"

FEED = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <id>tag:example.org,2026:feed</id><title>Releases</title><updated>{at}</updated>
  <entry>
    <id>tag:example.org,2026:1</id>
    <title>Ministers sign agreement on returns of illegal migrants</title>
    <link rel="alternate" href="{link}"/>
    <updated>{at}</updated><published>{at}</published>
    <content type="text">The two governments signed a memorandum of understanding on illegal
    migration. Border officers will stop small boats and people smuggling gangs together.</content>
  </entry>
</feed>
"""

LOG4J = """\
Configuration:
  Properties: { Property: [] }
  Appenders: { Console: { name: STDOUT } }
  Loggers:
    Root: { level: INFO, AppenderRef: [{ ref: STDOUT }] }
    Logger: [{ name: org.apache.kafka, level: INFO }]
"""
"""In the place of the image's own, which its start program reads and writes anew."""


class Containers:
    """The file's services as processes of this machine, each with a home and a port of its own."""

    def __init__(self, file: ComposeFile, folder: Path, instead: Mapping[str, str]) -> None:
        self.folder = folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._ports = dict(zip(file.services, free_ports(len(file.services)), strict=True))
        self._instead = instead
        """Hosts and addresses that only compose's network knows, and what stands for them here."""

    def run(self, service: Service, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a service to its end, with other arguments if some are given."""
        return subprocess.run(
            self._command(service, arguments),
            env=self._environment(service),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def start(self, service: Service) -> None:
        """Start a service that stays."""
        with self._log(service).open("wb") as log:
            self.running[service.name] = subprocess.Popen(
                self._command(service), env=self._environment(service), stdout=log, stderr=log
            )

    def is_well(self, service: Service) -> bool:
        """Ask a service's own health check; a service that has ended fails the test."""
        ended = self.running[service.name].poll()
        assert ended is None, f"{service.name} ended with {ended}: {self.said_by(service)}"
        program, *arguments = [self._here(service, part) for part in service.health]
        assert program == "python"
        return not subprocess.run(
            [sys.executable, *arguments],
            env=self._environment(service),
            capture_output=True,
            timeout=60,
            check=False,
        ).returncode

    def stop(self, service: Service) -> int:
        """Stop a service as compose does, within its time, and return its exit code."""
        process = self.running.pop(service.name)
        process.terminate()
        try:
            return process.wait(service.stops_within.total_seconds())
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            pytest.fail(f"{service.name} did not stop in time: {self.said_by(service)}")

    def said_by(self, service: Service) -> str:
        """Return the end of what a service has said."""
        return self._log(service).read_text(errors="replace")[-3_000:]

    def remove(self) -> None:
        """End all that still runs."""
        for process in self.running.values():
            process.kill()
            process.wait()

    def _log(self, service: Service) -> Path:
        return self.folder / f"{service.name}.log"

    def _command(self, service: Service, arguments: tuple[str, ...] = ()) -> list[str]:
        given = arguments or [self._here(service, part) for part in service.command]
        return [sys.executable, "-m", "despatch.cli", *given]

    def _environment(self, service: Service) -> dict[str, str]:
        home = self.folder / service.name
        home.mkdir(exist_ok=True)
        given = {name: self._here(service, v) for name, v in service.environment.items()}
        return {"PATH": os.environ["PATH"], "DESPATCH_HOME": str(home), "COLUMNS": "200", **given}

    def _here(self, service: Service, text: str) -> str:
        for there, here in self._instead.items():
            text = text.replace(there, here)
        for host in ("0.0.0.0", "127.0.0.1"):
            text = text.replace(
                f"{host}:{CONTAINER_PORT}", f"127.0.0.1:{self._ports[service.name]}"
            )
        return text


@pytest.fixture
def file() -> ComposeFile:
    return read_compose(COMPOSE, {**SECRETS, "DESPATCH_ALLOW_NETWORKS": "127.0.0.0/8"})


@pytest.fixture
def containers(
    file: ComposeFile,
    tmp_path: Path,
    kafka_broker: KafkaBroker,
    postgres_server: PostgresServer,
) -> Iterator[Containers]:
    # A broker of its own: the stages read whole topics, and other tests' messages with them.
    with KafkaBroker(tmp_path / "broker") as broker:
        database = postgres_server.new_database().replace("postgresql+psycopg:", "postgresql:")
        made = Containers(file, tmp_path, {IN_THE_FILE: database, "kafka:9092": broker.servers[0]})
        yield made
        made.remove()


@pytest.mark.e2e
@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.slow
def test_what_the_file_starts_brings_a_release_to_a_subscriber_and_stops_in_order(
    file: ComposeFile, containers: Containers
) -> None:
    ours = [service for service in file.in_order() if "build" in service.given]
    stages = [service for service in ours if not service.once]
    command = file.services["despatch"]
    for service in ours:
        if service.once:
            done = containers.run(service)
            assert done.returncode == 0, f"{service.name}: {done.stderr}"
        else:
            containers.start(service)
    for service in stages:
        wait_for(lambda one=service: containers.is_well(one), f"{service.name} to be well")  # type: ignore[misc]

    with webhook_server() as webhook, LoopbackServer() as site:
        said = containers.run(
            command, "subscribe", "--theme", "migration", "--to", f"json://{webhook.address}/hook"
        )
        assert said.returncode == 0, said.stderr
        at = (datetime.now(UTC) + timedelta(seconds=30)).isoformat()
        feed = FEED.format(at=at, link="https://example.org/agreement").encode()
        answer = Answer(200, (("Content-Type", "application/atom+xml"),), feed)
        said = containers.run(command, "sources", "add", site.will("/feed", answer))
        assert said.returncode == 0, said.stderr
        try:
            wait_for(lambda: bool(webhook.requests), "the alert at the webhook", 90)
        except AssertionError as late:
            logs = "\n".join(f"{one.name}: {containers.said_by(one)}" for one in stages)
            pytest.fail(f"{late}\n{logs}")
        (request,) = webhook.requests
        assert b"Ministers sign agreement on returns" in request.body
        assert request.headers["idempotency-key"]

    healthy = containers.run(command)
    assert healthy.returncode == 0, f"`despatch status`: {healthy.stdout}"
    assert {service.name: containers.stop(service) for service in stages} == {
        "poll": 0,
        "process": 0,
        "alert": 0,
        "serve": 0,
    }


@pytest.mark.kafka
@pytest.mark.slow
def test_the_brokers_image_makes_a_broker_of_the_settings_in_the_file(
    file: ComposeFile, tmp_path: Path, kafka_broker: KafkaBroker
) -> None:
    """The image's own start program takes every variable and formats its storage with them."""
    folders = {name: tmp_path / name for name in ("default", "mounted", "final")}
    for folder in folders.values():
        folder.mkdir()
    for name in ("server.properties", "log4j2.yaml", "tools-log4j2.yaml"):
        (folders["default"] / name).write_text(LOG4J if name.endswith("yaml") else "")
    data = tmp_path / "data"
    service = file.services["kafka"]
    given = {**service.environment, "KAFKA_LOG_DIRS": str(data)}
    options = [f"--{name}-configs-dir={folder}" for name, folder in folders.items()]
    done = subprocess.run(
        ["java", "-cp", f"{jars()}/*", "kafka.docker.KafkaDockerWrapper", "setup", *options],
        env={"PATH": os.environ["PATH"], "CLUSTER_ID": "5L6g3nShT-eMCtK--X86sw", **given},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = (folders["final"] / "server.properties").read_text().split()
    written = dict(line.split("=", 1) for line in lines)
    assert written["advertised.listeners"] == "PLAINTEXT://kafka:9092"
    assert written["auto.create.topics.enable"] == "false"
    assert (data / "meta.properties").exists(), "the storage is formatted"
