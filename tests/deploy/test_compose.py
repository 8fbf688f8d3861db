"""compose.yaml, the Dockerfile, the Makefile and the systemd units say what docs/deploy.md's commands say."""

import re
import shlex
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from tests.deploy.document import (
    DOCUMENT,
    all_blocks,
    blocks,
    documented_value,
    environment_names,
    lasting_commands,
    set_first,
)

BASE_DIR = Path(settings.BASE_DIR)
COMPOSE = yaml.safe_load((BASE_DIR / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ("web-1", "web-2", "worker", "migrate", "setup")
WEB, WORKER = lasting_commands()[0], lasting_commands()[-1]
DRAIN_S = int(documented_value("DRAIN_TIMEOUT_S"))
UVICORN_S = int(WEB[WEB.index("--timeout-graceful-shutdown") + 1])
ENDING_S = 5


def without_address(command: list[str]) -> list[str]:
    """A web process's command; host and port are the place's."""
    words = list(command)
    for option in ("--host", "--port"):
        at = words.index(option)
        del words[at : at + 2]
    return words


def units() -> list[ConfigParser]:
    found = []
    for block in blocks("ini"):
        unit = ConfigParser(interpolation=None)
        unit.optionxform = str  # type: ignore[assignment, method-assign]
        unit.read_string(block.text)
        found.append(unit)
    return found


def test_the_document_starts_two_of_each_alike():
    web_1, web_2, worker_1, worker_2 = lasting_commands()

    assert without_address(web_1) == without_address(web_2)
    assert (web_1[web_1.index("--port") + 1], web_2[web_2.index("--port") + 1]) == ("$PORT1", "$PORT2")
    assert worker_1 == worker_2


@pytest.mark.parametrize("service", OURS)
def test_a_container_has_the_documents_variables(service):
    assert list(SERVICES[service]["environment"]) == environment_names()


@pytest.mark.parametrize(
    "name", ["JOB_RUNNER", "MEDIA_S3_REGION", "MEDIA_S3_PREFIX", "INBOX_S3_PREFIX", "BEHIND_TLS", "DRAIN_TIMEOUT_S"]
)
def test_values_that_are_nobodys_own_are_the_documents(name):
    assert SERVICES["worker"]["environment"][name] == documented_value(name)


def test_containers_run_the_documents_commands():
    commands = "\n".join(block.text for block in blocks("bash"))

    for service in ("web-1", "web-2"):
        assert without_address(SERVICES[service]["command"]) == without_address(WEB)
    assert SERVICES["worker"]["command"] == WORKER
    assert shlex.join(SERVICES["migrate"]["command"]) in commands
    assert " ".join(SERVICES["setup"]["command"]).replace("${DOMAIN:?}", "$DOMAIN") in commands
    assert SERVICES["worker"]["deploy"]["replicas"] == 2


def test_the_bucket_is_made_by_the_same_command():
    made = [line for block in all_blocks() for line in block.text.splitlines() if "create_bucket" in line]

    assert len(made) == 2
    assert made[0] == made[1]


def test_make_and_systemd_start_the_same():
    recipes = re.findall(r"^\t@exec \$\(BIN\)/(.*)$", (BASE_DIR / "Makefile").read_text(), re.MULTILINE)
    started = [shlex.split(unit["Service"]["ExecStart"]) for unit in units()]

    assert [without_address(shlex.split(recipe)) for recipe in recipes[:2]] == [without_address(WEB)] * 2
    assert shlex.split(recipes[2]) == WORKER
    assert [words[0] for words in started] == [f"/srv/negareh/.venv/bin/{each}" for each in ("uvicorn", "celery")]
    assert without_address(started[0])[1:] == without_address(WEB)[1:]
    assert started[1][1:] == WORKER[1:]


def test_what_stops_has_the_time_it_needs():
    needed = DRAIN_S + UVICORN_S + ENDING_S

    for service in ("web-1", "web-2", "worker"):
        assert int(SERVICES[service]["stop_grace_period"].removesuffix("s")) > needed
    assert all(int(unit["Service"]["TimeoutStopSec"]) > needed for unit in units())
    assert [unit["Service"]["KillMode"] for unit in units()] == ["mixed", "mixed"]
    assert len(units()) == 2


@pytest.mark.parametrize("service", OURS)
def test_a_container_of_ours_can_write_nowhere_but_in_its_folders(service):
    container = SERVICES[service]
    folders = dict(volume.split(":", 1) for volume in container["volumes"])

    assert container["read_only"] and container["init"] and container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert folders["./var/secrets"] == "/etc/negareh" + ("" if service == "setup" else ":ro")
    assert folders["var"] == container["environment"]["NEGAREH_VAR_DIR"]
    assert Path(container["environment"]["KEYRING_FILE"]).parent == Path("/etc/negareh")


def test_no_image_is_whatever_is_the_latest():
    dockerfile = (BASE_DIR / "Dockerfile").read_text()
    images = [service["image"] for service in SERVICES.values()] + re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)

    assert len(images) == len(SERVICES) + 2
    for image in images:
        assert re.fullmatch(r"[^:]+:v?\d[\w.-]*", image), image


def test_services_wait_for_what_they_need():
    healthy = {"condition": "service_healthy"}
    for service in ("web-1", "web-2", "worker"):
        assert SERVICES[service]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "redis": healthy,
            "s3": healthy,
        }
    for service in ("postgres", "redis", "s3", "web-1", "web-2"):
        assert SERVICES[service]["healthcheck"]["test"][0] == "CMD"
    assert "/readyz" in str(SERVICES["web-1"]["healthcheck"]["test"])
    assert SERVICES["migrate"]["depends_on"] == {"postgres": healthy}
    assert SERVICES["setup"]["depends_on"] == {"postgres": healthy, "s3": healthy}
    assert SERVICES["setup"]["profiles"] == ["setup"]


def test_only_web_processes_are_reached_from_outside_and_only_from_this_machine():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert published == {"web-1": ["127.0.0.1:8001:8000"], "web-2": ["127.0.0.1:8002:8000"]}
    assert COMPOSE["networks"]["inner"] == {"internal": True}
    assert [SERVICES[name]["networks"] for name in ("postgres", "redis", "s3")] == [["inner"]] * 3


def test_redis_keeps_nothing():
    assert SERVICES["redis"]["command"] == ["redis-server", "--save", "", "--appendonly", "no"]
    assert "volumes" not in SERVICES["redis"]


def test_every_secret_comes_from_outside():
    asked = set(re.findall(r"\$\{(\w+):\?\}", (BASE_DIR / "compose.yaml").read_text()))
    documented = DOCUMENT.read_text().split("python3 - > .env <<END")[1].split("END\n")[0]

    assert "${" not in re.sub(r"\$\{\w+:\?\}", "", (BASE_DIR / "compose.yaml").read_text())
    assert all(name in documented for name in asked)
    assert asked == {"DOMAIN", "SECRET_KEY", "POSTGRES_PASSWORD", "S3_ACCESS_KEY", "S3_SECRET_KEY"}
    for name in ("SECRET_KEY", "MEDIA_S3_ACCESS_KEY_ID", "MEDIA_S3_SECRET_ACCESS_KEY"):
        assert SERVICES["worker"]["environment"][name].startswith("${")


def test_the_image_installs_the_lock_and_runs_as_nobody_special():
    dockerfile = (BASE_DIR / "Dockerfile").read_text()
    copied = re.findall(r"^COPY (?!--from)(\S+) ", dockerfile, re.MULTILINE)
    let_in = re.findall(r"^!(\S+)$", (BASE_DIR / ".dockerignore").read_text(), re.MULTILINE)

    assert "--require-hashes -r requirements.lock" in dockerfile
    assert "requirements-dev" not in dockerfile
    assert dockerfile.rstrip().endswith("USER 10001:10001")
    assert sorted(copied) == sorted(let_in)
    assert all((BASE_DIR / path).exists() for path in copied)


def test_the_documents_commands_use_only_what_is_set_first():
    texts = [block.text for block in all_blocks() if block.kind in ("bash", "sh")]
    used = set(re.findall(r"\$\{?([A-Z][A-Z0-9_]*)", "".join(texts)))

    assert used - set_first() == {"DB_PASSWORD"}
    assert set_first() <= used
