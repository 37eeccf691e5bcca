"""What people know of `hf`, `kaggle` and `aria2c`: the real program, at a terminal and in a pipe."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.catalogue import CHEST_XRAY, IMDB, ada
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
    inside = run(server, "files", CHEST_XRAY, "--source", "kaggle")
    assert "chest_xray/test/NORMAL/" in inside.stdout
    # What to know before is told beside the list, for people.
    assert "Licence: CC BY 4.0 (SPDX CC-BY-4.0) · commercial use allowed" in inside.stderr
    assert "Training models: not mentioned in the text" in inside.stderr
    assert "not legal advice" in inside.stderr
    assert "while it is unpacked" in inside.stderr
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


def test_a_search_is_sorted_and_paged(server: Server) -> None:
    words = ("search", "diabetes", "--limit", "3")
    first = run(server, *words, "--sort", "downloads")
    counts = [int(line.split("\t")[4].replace(",", "")) for line in first.stdout.splitlines()]
    assert len(counts) == 3
    assert counts == sorted(counts, reverse=True)
    assert "These are 1 to 3: --page 2 shows more." in first.stderr
    second = run(server, *words, "--sort", "downloads", "--page", "2")
    assert not set(first.stdout.splitlines()) & set(second.stdout.splitlines())
    assert "no page 30" in run(server, *words, "--page", "30").stderr
    found = run(server, "search", "emotion", "--task", "text-classification", "--modality", "text").stdout
    assert "huggingface:dair-ai/emotion" in found
    run(server, *words, "--sort", "beauty", code=2)


def test_everything_about_a_job_and_the_disk(server: Server) -> None:
    run(server, "download", "builtin:iris")
    job_id = next(
        line.split("\t")[0] for line in run(server, "jobs").stdout.splitlines() if "builtin:iris" in line
    )
    told = dict(line.split("\t") for line in run(server, "jobs", "show", job_id).stdout.splitlines())
    assert told["state"] == "succeeded"
    assert Path(told["path"]).is_dir()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", told["finished"])
    assert json.loads(run(server, "jobs", "show", job_id, "--json").stdout)["changes"]
    run(server, "jobs", "show", "job_none", code=3)
    disk = run(server, "storage").stdout.splitlines()
    assert {"disk", "free", "used by datasets"} <= {line.split("\t")[0] for line in disk}
    assert any(line.startswith("builtin\t") for line in disk)
    assert any(line.startswith("builtin:iris\t") for line in disk)


def test_the_search_index_from_the_shell(server: Server, hubs: Hubs) -> None:
    assert "dataferry index build" in run(server, "index", "update", code=3).stderr
    offered = run(server, "index", "status")
    assert re.search(r"HuggingFace\tnone\t[\d.]+ kB to fetch\t\tApache-2.0", offered.stdout), offered.stdout
    hubs.kaggle.fault("requires_credentials")
    built = run(server, "index", "build")
    assert re.search(r"hub-stats.*[\d.]+ kB, licence Apache-2.0", built.stderr)
    assert "Kaggle is left as it was" in built.stderr
    assert "KAGGLE_KEY" in built.stdout
    hubs.heal()
    view = json.loads(run(server, "index", "update", "--json").stdout)
    assert view["state"] == "ready"
    assert all(part["datasets"] for part in view["sources"])
    looked_at = run(server, "doctor").stdout
    assert re.search(r"search index: [\d,]+ datasets, .* as of 2024", looked_at), looked_at
    run(server, "index", "remove")
    assert json.loads(run(server, "index", "status", "--json").stdout)["state"] == "absent"


def test_own_keys_at_the_hubs(server: Server) -> None:
    key = ada().hf_token

    def keys(*arguments: str, given: str = "", code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "dataferry", "keys", *arguments],
            env=server.environment,
            cwd=server.data_dir.parent,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert key not in done.stdout + done.stderr
        return done.stdout + done.stderr

    assert "huggingface\tnone" in run(server, "keys", "list").stdout
    run(server, "keys", "test", "huggingface", code=3)
    keys("set", "huggingface", "--key-stdin", given="hf_wrong\n", code=4)
    keys("set", "huggingface", key, code=2)
    assert "yours (ada)" in keys("set", "HuggingFace", "--key-stdin", given=f"{key}\n")
    assert "yours (ada)" in run(server, "keys", "test", "huggingface").stdout
    assert "yours (ada)" in run(server, "sources").stdout
    run(server, "keys", "rm", "huggingface")
    assert "huggingface\tnone" in run(server, "keys", "list").stdout
    assert key not in run(server, "keys", "test", key, code=2).stderr


def test_files_are_put_into_a_folder_of_ones_own(server: Server, tmp_path: Path) -> None:
    """What stands there already is nobody's to lose (huggingface/huggingface_hub#2903, #4779)."""
    mine = tmp_path / "mine"
    command = ("download", REF, "--local-dir", str(mine))
    assert run(server, *command, "--include", "*.jsonl").stdout == f"{mine}\n"
    first, second = mine / "plain_text/train.jsonl", mine / "plain_text/test.jsonl"
    assert {one for one in mine.rglob("*") if one.is_file()} == {first, second}
    inode = first.stat().st_ino
    second.unlink()
    run(server, *command, "--include", "*.jsonl")
    assert (first.stat().st_ino, second.is_file()) == (inode, True)
    second.unlink()
    second.write_text("my own notes")
    first.unlink()
    refused = run(server, *command, "--include", "*.jsonl", code=9)
    assert str(second) in refused.stderr
    assert "--force" in refused.stderr
    assert second.read_text() == "my own notes"
    assert not first.exists()
    run(server, *command, "--include", "*.jsonl", "--force")
    assert first.is_file()
    assert second.stat().st_size > 1000
    assert not list(mine.rglob(".*.dataferry"))
    run(server, "download", REF, "builtin:iris", "--local-dir", str(mine), code=2)
    assert "is a file" in run(server, "download", REF, "--local-dir", str(first), code=2).stderr


def test_the_folder_of_a_view_is_printed(server: Server) -> None:
    printed = Path(run(server, "download", "builtin:iris", "--to", "work/iris").stdout.strip())
    assert printed.parts[-2:] == ("work", "iris")
    assert any(printed.iterdir())


def test_models_are_listed_and_datasets_compared(server: Server) -> None:
    listed = run(server, "search", "transcribe Welsh speech", "--models", "--limit", "1")
    assert listed.stdout.split("\t")[:2] == ["techiaith/wav2vec2-xlsr-ft-cy", "automatic-speech-recognition"]
    assert "Models are not downloaded here" in listed.stderr
    assert (
        "--format is for datasets" in run(server, "search", "x", "--models", "--format", "csv", code=2).stderr
    )
    refused = run(server, "download", "huggingface:openai/whisper-small", code=3)
    assert "is a model on HuggingFace, not a dataset" in refused.stderr
    rows = [
        line.split("\t") for line in run(server, "compare", REF, f"kaggle:{CHEST_XRAY}").stdout.splitlines()
    ]
    assert ["≠", "From", "HuggingFace", "Kaggle"] in rows
    assert ["", "Access", "open", "open"] in rows
    only = run(server, "compare", REF, f"kaggle:{CHEST_XRAY}", "--differences").stdout
    assert "Access" not in only
    assert "names no source" in run(server, "compare", REF, "imdb", code=2).stderr


def test_a_library_is_verified_and_repaired(server: Server) -> None:
    """The exit code tells the result, as scripts want it (modelscope/modelscope_hub#36)."""
    path = Path(run(server, "download", REF).stdout.strip())
    report = json.loads(run(server, "library", "verify", REF, "--json").stdout)[0]
    assert (report["condition"], report["depth"], report["source"]) == ("whole", "full", "agrees")
    (path / "README.md").unlink()
    found = run(server, "library", "verify", "--all", code=6)
    assert [f"{REF}", "damaged", "README.md", "missing"] in [
        line.split("\t") for line in found.stdout.splitlines()
    ]
    assert "--repair" in found.stderr
    assert "1 file is missing" in run(server, "library", "show", REF).stderr
    run(server, "library", "verify", REF, "--repair")
    assert (path / "README.md").is_file()
    assert "Which datasets?" in run(server, "library", "verify", code=2).stderr
    assert "no dataset" in run(server, "library", "verify", "builtin:wine", code=3).stderr
    assert run(server, "library", "ls").stdout == run(server, "library").stdout
    run(server, "library", "rm", REF)
    assert not path.exists()
