"""The image and the compose file, checked without an engine."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from dataferry.core.settings import Settings, environment_name
from scripts.pin_images import IMAGE, tag_of

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
    assert last_stage.startswith("python:3.13-slim-bookworm@")
    assert len(set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))) == 1
    assert re.search(r"^USER dataferry$", last_stage, re.MULTILINE)
    assert re.search(r"^EXPOSE 8000$", last_stage, re.MULTILINE)
    assert "HEALTHCHECK" in last_stage
    assert 'CMD ["dataferry", "serve"]' in last_stage


def test_every_package_in_the_image_comes_from_a_lock_with_hashes() -> None:
    for line in re.findall(r"pip install .+", DOCKERFILE):
        assert "--no-deps" in line
        assert "--require-hashes" in line or "--no-index" in line


def test_every_image_from_elsewhere_is_named_by_its_digest() -> None:
    images = IMAGE.findall(DOCKERFILE) + IMAGE.findall((ROOT / "docker-compose.yml").read_text())
    assert [tag_of(image).partition(":")[0] for image in images] == ["python", "python", "postgres", "redis"]
    for image in images:
        assert re.fullmatch(r"[a-z]+:[\w.-]+@sha256:[0-9a-f]{64}", image), image
    elsewhere = [service["image"] for service in COMPOSE["services"].values() if "build" not in service]
    assert set(elsewhere) == set(images[2:])


@pytest.mark.parametrize("answer", [f"sha256:{'a' * 64}", "error: no such tag"])
def test_pins_are_made_anew(tmp_path: Path, answer: str) -> None:
    """With an engine that answers, and one that does not: then the files stay as they are."""
    engine = tmp_path / "docker"
    engine.write_text(f"#!/bin/sh\n[ $# = 6 ] && echo '{answer}'\n")
    engine.chmod(0o755)
    files = [tmp_path / "Dockerfile", tmp_path / "docker-compose.yml"]
    texts = [DOCKERFILE.replace("3.13-", "3.14-"), (ROOT / "docker-compose.yml").read_text()]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    ran = subprocess.run(
        [sys.executable, "-m", "scripts.pin_images", *map(str, files)],
        cwd=ROOT,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    if answer.startswith("error"):
        assert (ran.returncode, [file.read_text() for file in files]) == (1, texts)
        assert "Nothing is changed" in ran.stderr
        return
    assert ran.returncode == 0, ran.stderr
    made = "".join(file.read_text() for file in files)
    assert made.count(answer) == 4
    assert f"FROM python:3.14-slim-bookworm@{answer} AS build" in made
    assert yaml.safe_load(files[1].read_text())["services"]["redis"]["image"] == f"redis:7-alpine@{answer}"
