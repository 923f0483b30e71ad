"""Every setting: one frozen class, from which docs/reference/settings.md is made."""

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from despatch.settings.forms import (
    Bus,
    Duration,
    Listening,
    MailUrl,
    Networks,
    ProxyUrl,
    PublicUrl,
    Sender,
    StoreUrl,
    Zone,
)
from despatch.topics import PARTITIONS, RETENTION


class Settings(BaseModel):
    """Every setting of an installation; docs/reference/settings.md is made from this class."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path = Field(description="Folder that holds all state of the embedded default.")

    bus: Bus = Field(
        "local",
        description="Where the topics are: `local` (one file in the home folder) or "
        "`kafka://host:9092,host2:9092`.",
    )
    store: StoreUrl = Field(
        SecretStr("local"),
        description="Where everything else is: `local` (one SQLite file in the home folder) or "
        "`postgresql://user:password@host/database`. A secret.",
    )
    partitions: int = Field(
        PARTITIONS, ge=1, le=1_000, description="Partitions of a topic when it is created."
    )
    retention: Duration = Field(
        RETENTION,
        ge=timedelta(hours=1),
        description="How long topics keep their messages; dead letters four times as long.",
    )
    kafka_replication: int = Field(
        1, ge=1, le=10, description="Copies of each topic when it is created; 3 on three brokers."
    )
    kafka_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How to speak to the brokers."
    )
    kafka_ca_file: Path | None = Field(
        None, description="PEM file of the authority that signed the brokers' certificates."
    )
    kafka_cert_file: Path | None = Field(None, description="PEM file of our own certificate.")
    kafka_key_file: Path | None = Field(None, description="PEM file of our own key.")
    kafka_check_hostname: bool = Field(
        True, description="Whether a broker's certificate must name its host."
    )
    kafka_sasl_mechanism: (
        Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] | None
    ) = Field(None, description="How to sign in to the brokers.")
    kafka_username: str | None = Field(None, description="User name for PLAIN and SCRAM.")
    kafka_password: SecretStr | None = Field(
        None, description="Password for PLAIN and SCRAM. A secret."
    )
    kafka_token_provider: str | None = Field(
        None, description="For OAUTHBEARER: `module:callable` that returns a token."
    )

    secret_key: SecretStr | None = Field(
        None,
        description="Key that channel URLs are encrypted with (`despatch settings --new-key` makes "
        "one); several, newest first, apart by commas. Default: a file in the home folder, made "
        "at first use. A secret.",
    )
    body_retention: Duration = Field(
        timedelta(days=30), ge=timedelta(0), description="How long fetched bytes are kept."
    )

    poll_every: Duration = Field(
        timedelta(minutes=15),
        ge=timedelta(minutes=5),
        description="Pause between two polls of a source; never under 5m, as publishers ask.",
    )
    contact: str | None = Field(
        None,
        description="Address or page that publishers can reach you at; sent in the User-Agent.",
    )
    allow_networks: Networks = Field(
        (),
        description="Networks that may be fetched from, and that webhooks may be in, though they "
        "are private, such as `127.0.0.0/8, 10.1.0.0/16`.",
    )
    host_at_once: int = Field(
        2, ge=1, le=100, description="Requests that are under way at one host at the same time."
    )
    host_pause: Duration = Field(
        timedelta(seconds=1),
        ge=timedelta(0),
        le=timedelta(minutes=1),
        description="Pause between the starts of two requests to one host; shorter where a host "
        "says that it takes more (`www.gov.uk`: ten a second).",
    )
    fetch_timeout: Duration = Field(
        timedelta(seconds=30),
        ge=timedelta(seconds=1),
        le=timedelta(minutes=2),
        description="The most time for one answer, from connecting to its last byte, redirects "
        "included.",
    )
    proxy: ProxyUrl | None = Field(
        None,
        description="HTTP proxy that every fetch goes through: `http://proxy.example:3128`, with "
        "`user:password@` if it asks who you are. It may stand in a private network, and it has to "
        "refuse private addresses itself. A secret.",
    )
    ca_file: Path | None = Field(
        None,
        description="PEM file of authorities to trust when fetching, besides those of the system.",
    )

    themes_dir: Path | None = Field(
        None,
        description="Folder with themes of your own, `<id>.toml`, beside those built in; one of "
        "the same name takes a built-in's place. Default: `themes` in the home folder.",
    )
    judges: int = Field(
        1,
        ge=1,
        le=64,
        description="Processes that judge releases. With 1 the processors judge in their own; more "
        "pay where cores are idle, and take memory each.",
    )
    max_alert_age: Duration = Field(
        timedelta(days=7),
        ge=timedelta(0),
        description="Releases of a repaired gap are told as late up to this age.",
    )
    stories: bool = Field(
        True,
        description="Whether whoever was told of a release is not told again when another source "
        "publishes the same within 72 hours, with the same figures and dates.",
    )
    mail_url: MailUrl | None = Field(
        None,
        description="Your mail server, for channels `mail://you@example.org` and for people who "
        "sign up: `mailtos://user:password@mail.example.org`, as apprise has it, without `to`. "
        "Without it, and `public_url`, nobody can sign up. A secret.",
    )
    mail_from: Sender | None = Field(
        None, description="Sender that e-mail alerts show, such as `Alerts <alerts@example.org>`."
    )
    mail_return_path: Sender | None = Field(
        None, description="Address that e-mail which can't be delivered goes back to."
    )
    deliverers: int = Field(
        1,
        ge=1,
        le=16,
        description="Processes that deliver under `despatch up`: the alert stage's own, and a "
        "`despatch deliver` for each more. They pay where cores are idle and alerts go to tens of "
        "thousands; limits on hosts and channels hold for each of them.",
    )
    templates_dir: Path | None = Field(
        None,
        description="Folder with message templates of your own, such as `release.html.j2`; each "
        "takes a built-in's place. `despatch messages templates --copy-to DIR` fills one.",
    )
    send_at_once: int = Field(
        64, ge=1, le=1_000, description="Deliveries that are under way at the same time, in all."
    )
    send_host_at_once: int = Field(
        8, ge=1, le=100, description="Deliveries under way at one host at the same time."
    )
    send_channel_at_once: int = Field(
        4, ge=1, le=100, description="Deliveries under way over one channel at the same time."
    )
    send_timeout: Duration = Field(
        timedelta(seconds=30),
        ge=timedelta(seconds=2),
        le=timedelta(minutes=2),
        description="The most time for one delivery; half of it for one answer, at most 15s. What "
        "a worker that died had in hand goes to others after twice as long.",
    )
    send_host_pause: Duration = Field(
        timedelta(0),
        ge=timedelta(0),
        le=timedelta(minutes=1),
        description="Pause between the starts of two deliveries to one host, such as `0.1s` for a "
        "mail server that takes ten a second. What a service behind apprise asks for is kept to "
        "besides.",
    )
    send_channel_pause: Duration = Field(
        timedelta(0),
        ge=timedelta(0),
        le=timedelta(minutes=10),
        description="Pause between the starts of two deliveries over one channel.",
    )
    public_url: PublicUrl | None = Field(
        None,
        description="Where the public pages (`despatch web`) are reached from outside, such as "
        "`https://alerts.example.org`: what messages link to, to unsubscribe and manage. Without "
        "it there are no pages and no links. `http://` on this machine alone.",
    )
    web_listen: Listening = Field(
        "127.0.0.1:8090", description="Where `despatch up` and `web` serve the public pages."
    )
    web_proxies: Networks = Field(
        (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")),
        description="Networks of reverse proxies that are believed when they say, in "
        "`X-Forwarded-For`, who asks: the limits of sign-ups are counted by it.",
    )
    signup_zone: Zone = Field(
        "UTC",
        description="Time zone of the daily and weekly digests that people choose on the pages, "
        "such as `Europe/London`.",
    )
    signups_per_hour: int = Field(
        500, ge=1, le=100_000, description="The most confirmations sent in an hour, in all."
    )
    operator_url: SecretStr | None = Field(
        None,
        description="Channel (an apprise URL) for alarms: a stage that waits, dead letters, a "
        "source that fails. A secret.",
    )
    canary_every: Duration = Field(
        timedelta(minutes=5),
        ge=timedelta(0),
        le=timedelta(days=1),
        description="How often a probe goes the whole way, from the log to a delivery to nobody; "
        "`0s`: never.",
    )
    canary_within: Duration = Field(
        timedelta(minutes=2),
        ge=timedelta(seconds=1),
        le=timedelta(hours=12),
        description="How long a probe may be under way before that is an alarm.",
    )
    alarm_wait: Duration = Field(
        timedelta(seconds=30),
        ge=timedelta(0),
        le=timedelta(hours=1),
        description="From the first alarm to the message to the operator: what opens meanwhile is "
        "in it, and what is over by then is not told.",
    )
    alarm_interval: Duration = Field(
        timedelta(minutes=5),
        ge=timedelta(0),
        le=timedelta(hours=12),
        description="Between two messages about alarms.",
    )
    alarm_repeat: Duration = Field(
        timedelta(hours=12),
        ge=timedelta(minutes=5),
        description="After which alarms that are still open are told again.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="How much the log says."
    )
    log_json: bool = Field(False, description="Whether the log is JSON, one object a line.")

    @property
    def kafka_servers(self) -> tuple[str, ...]:
        """The brokers to start from; empty for the local log."""
        return () if self.bus == "local" else tuple(self.bus.removeprefix("kafka://").split(","))

    @property
    def store_url(self) -> str:
        """The database's address as SQLAlchemy writes it, password and all."""
        url = self.store.get_secret_value()
        if url == "local":
            return f"sqlite:///{self.home / 'store.db'}"
        return "postgresql+psycopg://" + url.split("://", 1)[1]
