"""What people know of `hf`, `kaggle` and `aria2c`: the real program, at a terminal and in a pipe."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.catalogue import CHEST_XRAY, IMDB
from tests.support import preloaded, terminal
from tests.support.hubs import Hubs, make_hubs
from tests.support.server import Server

REF = f"huggingface:{IMDB}"


@pytest.fixture(scope="module")
def hubs() -> Iterator[Hubs]:
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        yield hubs


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("features") / "data", **hubs.settings) as server:
        yield server


def run(server: Server, *arguments: str, code: int = 0) -> "subprocess.CompletedProcess[str]":
    """A command in a pipe."""
    done = preloaded.run(arguments, env=server.environment, cwd=server.data_dir.parent)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_files_of_what_is_not_here(server: Server) -> None:
    rows = [line.split("\t") for line in run(server, "files", REF).stdout.splitlines()]
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert {row[2] for row in rows} == {"publisher"}
    page = run(server, "files", f"https://huggingface.co/datasets/{IMDB}/tree/main", "--limit", "1")
    assert len(page.stdout.splitlines()) == 1
    assert "1 of 4 files" in page.stderr
    inside = run(server, "files", CHEST_XRAY, "--source", "kaggle").stdout
    assert "chest_xray/test/NORMAL/" in inside
    assert "uciml/iris" in run(server, "files", "uciml/iris", code=2).stderr
    code, lines = terminal.run(["files", REF], env=server.environment, cwd=server.data_dir.parent, columns=60)
    assert code == 0
    assert lines[0].split() == ["PATH", "SIZE", "CHECKSUM", "HERE"]
    assert max(map(len, lines[:5])) <= 60


def test_a_dry_run_starts_nothing(server: Server) -> None:
    tried = run(server, "download", REF, "--dry-run", "--include", "*.jsonl", "--exclude", "*test*")
    assert [line.split("\t")[0] for line in tried.stdout.splitlines()] == ["plain_text/train.jsonl"]
    assert re.search(r"1 file, [\d.]+ kB, none here; [\d.]+ kB to fetch, [\d.]+ [MGT]B free", tried.stderr)
    assert run(server, "jobs").stdout == ""
    plan = json.loads(run(server, "download", REF, "--dry-run", "--json").stdout)
    assert (plan["file_count"], plan["next"]) == (4, None)
    run(server, "download", REF, "--include", "*.jsonl", "--exclude", "*test*")
    again = run(server, "download", REF, "--dry-run", "--include", "*.jsonl", "--exclude", "*test*")
    assert "all here; nothing to fetch" in again.stderr
    assert again.stdout.rstrip().endswith("yes")


def test_a_dataset_is_brought_up_to_date(server: Server, hubs: Hubs) -> None:
    dataset = next(one for one in hubs.hub.catalogue.at("huggingface") if one.id == "scikit-learn/iris")
    page = f"https://huggingface.co/datasets/{dataset.id}"
    before = Path(run(server, "download", page).stdout.strip())
    assert "newest revision already" in run(server, "library", page, "--update").stderr
    dataset.publish(dataset.make)
    updated = run(server, "library", f"huggingface:{dataset.id}", "--update").stdout
    assert before.name not in updated.splitlines()[0]
    run(server, "library", "--update", code=2)
