"""The image and the compose file, checked without an engine."""

import re
from pathlib import Path
from typing import Any

import yaml

from dataferry.core.settings import Settings, environment_name

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SETTINGS = {environment_name(field) for field in Settings.model_fields}


def test_the_app_runs_alone_and_the_rest_under_a_profile() -> None:
    services = COMPOSE["services"]
    assert {name for name, service in services.items() if "profiles" not in service} == {"app"}
    assert {name for name, service in services.items() if service.get("profiles") == ["scaled"]} == {
        "worker",
        "postgres",
        "redis",
    }
    for needed in services["app"]["depends_on"].values():
        assert needed["required"] is False


def test_the_page_is_published_on_this_machine_only() -> None:
    published = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:8000:8000"]


def test_every_variable_is_a_setting() -> None:
    for name in ("app", "worker"):
        assert set(COMPOSE["services"][name]["environment"]) <= SETTINGS
    named = set(re.findall(r"\b((?:DATAFERRY|KAGGLE|HF)_[A-Z_]+)=", DOCKERFILE))
    assert named
    assert named <= SETTINGS


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert re.findall(r"\$\{(\w+):-([^}]*)\}", text) == [("POSTGRES_PASSWORD", "")]


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert f"!{source}" in ignored, source


def test_the_image_runs_as_a_person_without_rights() -> None:
    last_stage = DOCKERFILE.rpartition("\nFROM ")[2]
    # Python 3.13 beside Debian 12's SQLite 3.40, as CI tries it.
    assert last_stage.startswith("python:3.13-slim-bookworm\n")
    assert len(set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))) == 1
    assert re.search(r"^USER dataferry$", last_stage, re.MULTILINE)
    assert re.search(r"^EXPOSE 8000$", last_stage, re.MULTILINE)
    assert "HEALTHCHECK" in last_stage
    assert 'CMD ["dataferry", "serve"]' in last_stage


def test_every_package_in_the_image_comes_from_a_lock_with_hashes() -> None:
    for line in re.findall(r"pip install .+", DOCKERFILE):
        assert "--no-deps" in line
        assert "--require-hashes" in line or "--no-index" in line
