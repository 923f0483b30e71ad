"""docker-compose.yml and Dockerfile: what can be known of them without Docker."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

import despatch
from despatch.settings import NOT_SETTINGS, PREFIX, Settings
from despatch.testing.compose import ComposeFile, MissingVariable, Service, read_compose

ROOT = Path(__file__).parents[1]
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SCHEMA = ROOT / "tests" / "data" / "compose-spec.json"
ENV = {"POSTGRES_PASSWORD": "a-word-from-outside", "DESPATCH_SECRET_KEY": "a-key-from-outside"}

FILE = read_compose(COMPOSE, ENV)
EVERY = pytest.mark.parametrize("service", FILE.services.values(), ids=lambda each: each.name)
OURS = [s for s in FILE.services.values() if "build" in s.given]


def test_the_file_is_one_that_the_compose_specification_allows() -> None:
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(COMPOSE.read_text()))


def test_the_schema_refuses_a_misspelt_key() -> None:
    """Else the test above could not fail."""
    wrong = {"services": {"kafka": {"image": "apache/kafka", "restrat": "always"}}}
    with pytest.raises(jsonschema.ValidationError, match="restrat"):
        jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(wrong)


@pytest.mark.parametrize("name", sorted(ENV))
def test_a_secret_that_is_not_set_stops_compose_with_a_way_out(name: str) -> None:
    without = {key: value for key, value in ENV.items() if key != name}
    with pytest.raises(MissingVariable, match=rf"{name}: .*\.env"):
        read_compose(COMPOSE, without)


def test_no_secret_stands_in_the_file() -> None:
    """Whatever is secret comes from outside: with other values outside, none of the old is left."""
    others = dict.fromkeys(ENV, "another-word")
    secrets = ("PASSWORD", "SECRET", "DESPATCH_STORE", "DESPATCH_OPERATOR_URL")
    for service in FILE.services.values():
        now = read_compose(COMPOSE, others).services[service.name].environment
        for name, value in service.environment.items():
            if any(word in name for word in secrets):
                assert value != now[name], f"{service.name}: {name} is written into the file"


@EVERY
def test_a_service_starts_again_by_itself_or_runs_once(service: Service) -> None:
    assert service.given["restart"] in {"unless-stopped", "no"}


@EVERY
def test_a_service_that_stays_says_whether_it_is_well(service: Service) -> None:
    assert bool(service.health) != service.once


@EVERY
def test_a_service_is_not_root(service: Service) -> None:
    assert str(service.given["user"]).split(":")[0] not in {"", "0", "root"}


@EVERY
def test_a_service_can_write_nothing_but_scratch_and_its_volume(service: Service) -> None:
    assert service.given["read_only"] is True
    assert not [v for v in service.given.get("volumes", ()) if v.startswith((".", "/", "~"))]
    assert all("size=" in mount for mount in service.given["tmpfs"]), "scratch space is bounded"


@EVERY
def test_a_service_has_no_privilege(service: Service) -> None:
    assert service.given["cap_drop"] == ["ALL"]
    assert service.given["security_opt"] == ["no-new-privileges:true"]
    assert not service.given.keys() & {"privileged", "cap_add", "pid", "ipc", "network_mode"}


@EVERY
def test_a_service_fills_no_disk_with_its_log(service: Service) -> None:
    assert service.given["logging"]["options"].keys() == {"max-size", "max-file"}


@EVERY
def test_a_signal_reaches_a_service_and_it_has_time_to_stop(service: Service) -> None:
    assert service.given["init"] is True
    assert service.stops_within.total_seconds() >= 30


def test_only_web_pages_are_published_and_on_this_machine_alone() -> None:
    published = {s.name: s.given["ports"] for s in FILE.services.values() if "ports" in s.given}
    assert published.keys() == {"serve", "web"}
    assert {port["host_ip"] for ports in published.values() for port in ports} == {"127.0.0.1"}


def test_nothing_leads_out_from_the_broker_and_the_database() -> None:
    assert FILE.given["networks"]["inside"]["internal"] is True
    for name in ("kafka", "postgres", "process"):
        assert FILE.services[name].given["networks"] == ["inside"]


def test_data_lies_on_named_volumes() -> None:
    named = [s.given["volumes"][0].split(":")[0] for s in FILE.services.values() if not _ours(s)]
    assert sorted(named) == sorted(FILE.given["volumes"])


def test_stages_start_once_the_schema_and_the_topics_are_there() -> None:
    for service in OURS:
        if service.name not in {"migrate", "topics"}:
            assert service.waits_for == {
                "migrate": "service_completed_successfully",
                "topics": "service_completed_successfully",
            }
    assert FILE.services["migrate"].waits_for == {"postgres": "service_healthy"}
    assert FILE.services["topics"].waits_for == {"kafka": "service_healthy"}


def test_what_up_starts_comes_in_an_order_that_exists() -> None:
    names = [service.name for service in FILE.in_order()]
    assert set(names) == {*FILE.services} - {"despatch", "web"}
    assert names.index("migrate") > names.index("postgres")
    assert names.index("alert") > names.index("topics")


def test_services_that_wait_for_each_other_are_found() -> None:
    def one(name: str, other: str) -> Service:
        return Service(name, {"depends_on": {other: {"condition": "service_healthy"}}}, {})

    ring = ComposeFile({}, {"a": one("a", "b"), "b": one("b", "a")})
    with pytest.raises(ValueError, match="a, b"):
        list(ring.in_order())


def test_every_setting_that_the_file_names_exists() -> None:
    """A misspelt one would stop every service; one that a release renames is found here."""
    text = COMPOSE.read_text()
    named = set(re.findall(r"^    (DESPATCH_\w+):", text, re.MULTILINE))
    assert named, "the file names its settings"
    known = {PREFIX + field.upper() for field in Settings.model_fields} | NOT_SETTINGS
    assert named <= known


def test_a_setting_from_outside_reaches_the_stages_and_an_absent_one_is_not_set() -> None:
    outside = {**ENV, "DESPATCH_CONTACT": "desk@example.org"}
    poll = read_compose(COMPOSE, outside).services["poll"]
    assert poll.environment["DESPATCH_CONTACT"] == "desk@example.org"
    assert "DESPATCH_CONTACT" not in FILE.services["poll"].environment


def test_the_image_stands_on_a_stated_python_and_installs_only_what_is_locked() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert bases
    assert all(re.fullmatch(r"python:3\.\d+-slim", base) for base in bases)
    joined = re.sub(r"\s*\\\n\s*", " ", DOCKERFILE)
    installs = re.findall(r"pip (?:--python \S+ )?install ([^&\n]*)", joined)
    assert len(installs) == 2
    for install in installs:
        assert "--require-hashes" in install or "--no-index" in install


def test_the_image_runs_as_the_user_that_the_compose_file_names() -> None:
    users = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)
    assert users
    assert {users[-1]} == {service.given["user"] for service in OURS}
    assert not users[-1].startswith(("0", "root"))


def test_the_home_folder_of_the_image_is_scratch_space_of_its_user() -> None:
    found = re.search(r"DESPATCH_HOME=(\S+)", DOCKERFILE)
    assert found
    uid = OURS[0].given["user"].split(":")[0]
    for service in OURS:
        mounts = [m for m in service.given["tmpfs"] if m.startswith(f"{found[1]}:")]
        assert len(mounts) == 1
        assert f"uid={uid}," in mounts[0]


def test_all_that_the_image_copies_exists_and_is_let_in() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    let_in = {line.removeprefix("!") for line in ignore if line.startswith("!")}
    assert names == let_in
    assert not [name for name in names if not (ROOT / name).exists()]


def test_the_image_has_the_version_of_the_package() -> None:
    version = f'"{despatch.__version__}"'
    assert f"org.opencontainers.image.version={version}" in DOCKERFILE
    assert {service.given["image"] for service in OURS} == {f"despatch:{despatch.__version__}"}


def _ours(service: Service) -> bool:
    return "build" in service.given
