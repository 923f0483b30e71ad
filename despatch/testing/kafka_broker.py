"""Apache Kafka for tests: one broker with its controller on loopback, without Docker."""

import atexit
import base64
import ctypes
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Literal

from kafka import KafkaAdminClient, TopicPartition

from despatch.bus.kafka import KafkaBus
from despatch.testing.certificates import make_certificates
from despatch.testing.free_ports import free_ports
from despatch.testing.kafka_jars import jars

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]

SESSION = timedelta(seconds=4)
"""The session of `open_kafka_bus`: how long a silent member keeps its partitions."""

_STARTS_WITHIN_S = 60
_READY = "Kafka Server started"
_PR_SET_PDEATHSIG = 1

_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "auto.create.topics.enable": "false",
    "num.partitions": "1",
    # One broker: the defaults wait for three, and for 50 partitions of offsets to be opened.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # A killed broker is let in again once its old session has run out.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    # A record deleted in a test is gone at once; threads are few, for the tests' own sake.
    "log.retention.check.interval.ms": "1000",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "log.cleaner.dedupe.buffer.size": "8388608",
    "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
}

_JVM = ("-Xmx512m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_LOGIN = "org.apache.kafka.common.security"


class KafkaBroker:
    """A broker that keeps its data and its ports over `kill`, `stop` and `start`.

    It dies with the thread that started it, however that ends. `users` (name to password) can log
    in over SASL listeners by PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512; OAUTHBEARER takes unsigned
    tokens. TLS listeners show a certificate for `localhost` and `127.0.0.1`, signed by `ca`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        listeners: Sequence[Protocol] = (),
        users: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.ca = folder / "tls" / "ca.pem"
        """The authority that a client must trust, PEM."""
        self._users = dict(users or {})
        names = ("PLAINTEXT", *(name for name in listeners if name != "PLAINTEXT"), "CONTROLLER")
        self._ports = dict(zip(names, free_ports(len(names)), strict=True))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def servers(self) -> tuple[str, ...]:
        """Where the plain listener is: `("127.0.0.1:40123",)`."""
        return self.servers_of("PLAINTEXT")

    def servers_of(self, protocol: Protocol) -> tuple[str, ...]:
        """Where the listener of a protocol is."""
        return (f"127.0.0.1:{self._ports[protocol]}",)

    def start(self) -> None:
        """Start on the data that is there, and return when the broker serves.

        Raises Missing when Java or Maven is missing; RuntimeError with the log's end when Kafka
        does not start.
        """
        classpath = f"{jars()}/*"
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self._settings_file.exists():
            self._format(classpath)
        with self._log_file.open("ab") as log:
            begin = log.tell()
            self._process = subprocess.Popen(
                self._java(classpath, "kafka.Kafka", str(self._settings_file)),
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=_die_with_parent,
            )
        atexit.register(self.kill)
        self._wait_until_ready(begin)

    def stop(self) -> None:
        """End the broker in order; its data stays."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            try:
                self._process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self._process.kill()
            self._gone()

    def kill(self) -> None:
        """End the broker as `kill -9` does; its data stays."""
        if self._process is not None:
            self._process.kill()
            self._gone()

    def pause(self) -> None:
        """Freeze the broker: connections stay open and nothing answers."""
        self._running.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen broker go on."""
        self._running.send_signal(signal.SIGCONT)

    def produce(self, topic: str, lines: Sequence[str], *, codec: str) -> None:
        """Publish lines as Kafka's own client does, packed with a codec that we need not have."""
        main = "org.apache.kafka.tools.ConsoleProducer"
        server = ("--bootstrap-server", self.servers[0])
        command = self._java(f"{jars()}/*", main, *server, "--topic", topic)
        subprocess.run(
            [*command, "--compression-codec", codec],
            input="\n".join(lines),
            text=True,
            check=True,
            capture_output=True,
        )

    def __enter__(self) -> "KafkaBroker":
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    @property
    def _running(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, "the broker is not running"
        return self._process

    @property
    def _settings_file(self) -> Path:
        return self.folder / "server.properties"

    @property
    def _log_file(self) -> Path:
        return self.folder / "broker.log"

    def _gone(self) -> None:
        self._running.wait()
        self._process = None
        atexit.unregister(self.kill)

    def _java(self, classpath: str, main: str, *arguments: str) -> list[str]:
        quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=info"
        return ["java", *_JVM, quiet, "-cp", classpath, main, *arguments]

    def _format(self, classpath: str) -> None:
        if any(name.endswith("SSL") for name in self._ports):
            make_certificates(self.ca.parent)
        staged = self._settings_file.with_suffix(".new")
        staged.write_text("".join(f"{key}={value}\n" for key, value in self._settings().items()))
        staged.chmod(0o600)
        command = ["format", "--cluster-id", _cluster_id(), "--config", str(staged)]
        for user, password in self._users.items():
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
                command += ["--add-scram", f"{mechanism}=[name={user},password={password}]"]
        done = subprocess.run(
            self._java(classpath, "kafka.tools.StorageTool", *command),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"Kafka could not format its storage: {done.stderr[-1_000:]}")
        staged.rename(self._settings_file)

    def _settings(self) -> dict[str, str]:
        listeners = [f"{name}://127.0.0.1:{port}" for name, port in self._ports.items()]
        return {
            **_SETTINGS,
            "log.dirs": str(self.folder / "data"),
            "listeners": ",".join(listeners),
            "advertised.listeners": ",".join(x for x in listeners if "CONTROLLER" not in x),
            "listener.security.protocol.map": ",".join(
                f"{name}:{'PLAINTEXT' if name == 'CONTROLLER' else name}" for name in self._ports
            ),
            "controller.quorum.voters": f"1@127.0.0.1:{self._ports['CONTROLLER']}",
            **self._tls(),
            **self._sasl(),
        }

    def _tls(self) -> dict[str, str]:
        return {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.ca.with_name("broker.pem")),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.ca),
        }

    def _sasl(self) -> dict[str, str]:
        plain = " ".join(f'user_{name}="{password}"' for name, password in self._users.items())
        logins = {
            "plain": f"{_LOGIN}.plain.PlainLoginModule required {plain};",
            "scram-sha-256": f"{_LOGIN}.scram.ScramLoginModule required;",
            "scram-sha-512": f"{_LOGIN}.scram.ScramLoginModule required;",
            "oauthbearer": f"{_LOGIN}.oauthbearer.OAuthBearerLoginModule required "
            f'unsecuredLoginStringClaim_sub="broker";',
        }
        return {
            f"listener.name.{listener.lower()}.{mechanism}.sasl.jaas.config": login
            for listener in self._ports
            if listener.startswith("SASL")
            for mechanism, login in logins.items()
        }

    def _wait_until_ready(self, begin: int) -> None:
        deadline = time.monotonic() + _STARTS_WITHIN_S
        while time.monotonic() < deadline:
            with self._log_file.open("rb") as log:
                log.seek(begin)
                text = log.read().decode(errors="replace")
            if _READY in text:
                return
            if self._running.poll() is not None:
                break
            time.sleep(0.05)
        self.kill()
        raise RuntimeError(f"Kafka did not start; its log ends: {text[-2_000:]}")


def open_kafka_bus(where: str) -> KafkaBus:
    """Open a bus on `host:port,host:port`, with the shortest session that Kafka keeps well."""
    return KafkaBus(where.split(","), session=SESSION, delivery_timeout=timedelta(seconds=20))


def forget_records(where: str, topic: str) -> None:
    """Delete all that a topic holds, as its retention would."""
    client = KafkaAdminClient(bootstrap_servers=where.split(","))
    with closing(client), closing(open_kafka_bus(where)) as bus:
        extents = bus.extents(topic)
        client.delete_records(
            {TopicPartition(topic, place.partition): x.end for place, x in extents.items()}
        )


def unsigned_token() -> str:
    """Return an OAuth token that nobody signed: what OAUTHBEARER takes when nothing is set up."""
    now = int(time.time())
    claims = {"sub": "alice", "iat": now - 60, "exp": now + 600}
    return ".".join([_base64({"alg": "none"}), _base64(claims), ""])


def _base64(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def _cluster_id() -> str:
    """Return 16 random bytes as Kafka writes them; a leading `-` would be taken for an option."""
    return "d" + os.urandom(8).hex() + "DespQ"


def _die_with_parent() -> None:
    """Ask Linux to kill the broker when whoever started it is gone, even by `kill -9`."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
