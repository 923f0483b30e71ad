"""Making kafka-python's clients: none at all when no broker answers, and none left behind."""

import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from kafka.errors import (
    AuthorizationError,
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailedError,
    UnsupportedSaslMechanismError,
)
from kafka.net.compat import KafkaNetClient
from kafka.net.inet import KafkaNetSocket
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector

from despatch.bus.kafka_errors import translate
from despatch.bus.kafka_security import KafkaSecurity
from despatch.errors import LOG_AWAY, OperatorError, ServerAway

T = TypeVar("T")

ANSWERS_WITHIN_MS = 8_000
"""How long a broker that takes connections may stay silent before it counts as away."""

_CONNECTS_WITHIN_S = 3.0


_REFUSALS = (
    SaslAuthenticationFailedError,
    UnsupportedSaslMechanismError,
    IllegalSaslStateError,
    AuthorizationError,
)


class Connector:
    """Makes clients for one cluster, as one user."""

    def __init__(self, servers: Sequence[str], security: KafkaSecurity, client_id: str) -> None:
        self.servers = tuple(servers)
        self._security = security
        self._client_id = client_id

    def open(self, make: Callable[..., T], doing: str, **settings: Any) -> T:
        """Return `make(…)`: a producer, a consumer or an admin client, connected.

        Raises ServerAway within about ten seconds; OperatorError naming the setting when the
        broker, or we, refuse the connection.
        """
        self._knock()
        made: list[KafkaNetClient] = []

        def client(**config: Any) -> KafkaNetClient:
            net = NetworkSelector(**config)
            made.append(KafkaNetClient(net, _Connections(net, **config), **config))
            return made[-1]

        try:
            return make(
                bootstrap_servers=list(self.servers),
                client_id=self._client_id,
                kafka_client=client,
                bootstrap_timeout_ms=ANSWERS_WITHIN_MS,
                proxy_url=f"{_Direct.SCHEMES[0]}://",
                # The default of 30 s would keep us away for as long once the broker is back.
                reconnect_backoff_max_ms=2_000,
                **self._security.client_settings(),
                **settings,
            )
        except KafkaError as exc:
            for each in made:  # else its thread would go on knocking for ever
                each.close()
            raise translate(exc, f"{doing} at {self._shown}") from exc

    def _knock(self) -> None:
        """Raise what stands in the way of a connection, with its reason.

        kafka-python takes a refused connection and a certificate that can't be trusted for the
        same: a time-out.
        """
        tls = self._security.tls() if self._security.encrypts else None
        reasons: list[str] = []
        for server in self.servers:
            host, port = _address(server)
            try:
                with socket.create_connection((host, port), _CONNECTS_WITHIN_S) as connection:
                    if tls is not None:
                        tls.wrap_socket(connection, server_hostname=host).close()
            except ssl.SSLCertVerificationError as exc:
                raise OperatorError(_distrust(server, exc)) from exc
            except ssl.SSLError as exc:
                raise OperatorError(
                    f"{server} does not speak TLS as we do: check kafka_protocol, kafka_cert_file "
                    f"({exc.reason})"
                ) from exc
            except OSError as exc:
                reasons.append(f"{server}: {exc.strerror or exc}")
            else:
                return
        raise ServerAway(f"{LOG_AWAY} ({'; '.join(reasons)}): is it started?")

    @property
    def _shown(self) -> str:
        return ", ".join(self.servers)


class _Connections(KafkaConnectionManager):  # type: ignore[misc]  # kafka-python has no types
    """Raises at the next call that a broker refused the sign-in, then tries again.

    kafka-python means to do so, but 3.0.12 forgets the refusal at once and knocks with the wrong
    password until it takes the broker for away.
    """

    def __init__(self, net: NetworkSelector, **config: Any) -> None:
        super().__init__(net, **config)
        self._refusals: dict[Any, KafkaError] = {}

    def get_connection(self, node_id: Any, *arguments: Any, **named: Any) -> Any:
        refusal = self._refusals.pop(node_id, None)
        if refusal is not None:
            raise refusal
        connection = super().get_connection(node_id, *arguments, **named)

        def remember(exc: BaseException) -> None:
            if isinstance(exc, _REFUSALS):
                self._refusals[node_id] = exc

        connection.init_future.add_errback(remember)
        return connection


class _Direct(KafkaNetSocket):  # type: ignore[misc]  # kafka-python has no types
    """Connects as kafka-python does, and closes a socket that could not be connected.

    kafka-python registers subclasses by scheme, for proxies; 3.0.12 itself leaves such a socket to
    the garbage collector, one a try for as long as an outage lasts.
    """

    SCHEMES = ("despatch-direct",)

    async def sock_connect(self, net: Any, sock: Any, sockaddr: Any, timeout_at: Any = None) -> Any:
        try:
            return await super().sock_connect(net, sock, sockaddr, timeout_at=timeout_at)
        except BaseException:
            sock.close()
            raise


def _address(server: str) -> tuple[str, int]:
    host, _, port = server.rpartition(":")
    return (host.strip("[]"), int(port)) if host and port.isdigit() else (server, 9092)


def _distrust(server: str, exc: ssl.SSLCertVerificationError) -> str:
    if "mismatch" in exc.verify_message:
        return (
            f"the certificate of {server} names another host: connect by the name that it holds, "
            f"or set kafka_check_hostname to false ({exc.verify_message})"
        )
    return (
        f"the certificate of {server} is signed by nobody we trust: set kafka_ca_file to the "
        f"authority's PEM file ({exc.verify_message})"
    )
