"""How we show brokers who we are, and how they show us: TLS and SASL."""

import importlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kafka.net.sasl.oauth import AbstractTokenProvider
from pydantic import SecretStr

from despatch.errors import SettingsError

Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]


@dataclass(frozen=True, slots=True)
class KafkaSecurity:
    """What the settings `kafka_*` say about security; each field is named as its setting.

    Raises SettingsError, naming the setting, when what a protocol needs is missing.
    """

    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    ca_file: Path | None = None
    """PEM of the authority that signed the brokers' certificates; None: the system's own."""
    cert_file: Path | None = None
    key_file: Path | None = None
    check_hostname: bool = True
    sasl_mechanism: Mechanism | None = None
    username: str | None = None
    password: SecretStr | None = None
    token_provider: str | None = None
    """`module:callable`; called without arguments at each sign-in, returns a token as text."""

    def __post_init__(self) -> None:
        if self.signs_in and self.sasl_mechanism is None:
            raise SettingsError(f"kafka_protocol is {self.protocol}: set kafka_sasl_mechanism too")
        if self.sasl_mechanism and not self.signs_in:
            raise SettingsError(
                f"kafka_sasl_mechanism is set, but kafka_protocol is {self.protocol}, which signs "
                "nobody in: set it to SASL_SSL or SASL_PLAINTEXT"
            )
        for field in self._needed():
            if getattr(self, field) is None:
                raise SettingsError(
                    f"kafka_sasl_mechanism is {self.sasl_mechanism}: set kafka_{field} too"
                )

    @property
    def encrypts(self) -> bool:
        """Whether the connection is TLS."""
        return self.protocol in {"SSL", "SASL_SSL"}

    @property
    def signs_in(self) -> bool:
        """Whether we sign in by SASL."""
        return self.protocol.startswith("SASL")

    def client_settings(self) -> dict[str, Any]:
        """Return kafka-python's settings: `{"security_protocol": "SASL_SSL", …}`.

        Raises SettingsError when a file can't be read or the token provider not be imported.
        """
        settings: dict[str, Any] = {"security_protocol": self.protocol}
        if self.encrypts:
            settings["ssl_context"] = self.tls()
        if self.signs_in:
            settings["sasl_mechanism"] = self.sasl_mechanism
        if self.signs_in and self.token_provider is not None:
            settings["sasl_oauth_token_provider"] = _Tokens(_imported(self.token_provider))
        elif self.signs_in and self.password is not None:
            settings["sasl_plain_username"] = self.username
            settings["sasl_plain_password"] = self.password.get_secret_value()
        return settings

    def tls(self) -> ssl.SSLContext:
        """Return a TLS context, 1.2 or later; SettingsError names a file that can't be read."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = self.check_hostname
        if self.ca_file is None:
            context.load_default_certs()
        else:
            _load("kafka_ca_file", self.ca_file, context.load_verify_locations, self.ca_file)
        if self.cert_file is not None:
            load = context.load_cert_chain
            _load("kafka_cert_file", self.cert_file, load, self.cert_file, self.key_file)
        return context

    def _needed(self) -> tuple[str, ...]:
        match self.sasl_mechanism:
            case None:
                return ()
            case "OAUTHBEARER":
                return ("token_provider",)
            case _:
                return ("username", "password")


class _Tokens(AbstractTokenProvider):  # type: ignore[misc]  # kafka-python has no types
    """Asks the installation's own callable for a token at each sign-in."""

    def __init__(self, provider: Callable[[], str]) -> None:
        super().__init__()
        self._provider = provider

    def token(self) -> str:
        return self._provider()


def _imported(name: str) -> Callable[[], str]:
    module, _, attribute = name.partition(":")
    try:
        provider: Callable[[], str] = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as exc:
        raise SettingsError(
            f"kafka_token_provider is {name!r}, which can't be imported ({exc}): write "
            "`module:callable`"
        ) from exc
    if not callable(provider):
        raise SettingsError(f"kafka_token_provider is {name!r}, which can't be called")
    return provider


def _load(setting: str, file: Path, load: Callable[..., None], *arguments: Path | None) -> None:
    try:
        load(*arguments)
    except (OSError, ssl.SSLError) as exc:
        raise SettingsError(f"{setting} is {file}, which is no readable PEM file: {exc}") from exc
