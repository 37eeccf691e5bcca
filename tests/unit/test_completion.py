"""What TAB offers, as each shell asks for it."""

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from dataferry.cli.completion import join_words


def offered(shell: str, line: str, data_dir: Path) -> list[str]:
    """What is offered at the end of a line. Nothing may be said on stderr."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(data_dir.parent), "PYTHONWARNINGS": "ignore"}
    environment |= {"DATAFERRY_DATA_DIR": str(data_dir), "_DATAFERRY_COMPLETE": f"complete_{shell}"}
    if shell == "bash":  # which breaks words at colons
        words = line.replace(":", " : ").split()
        at = len(words) - (0 if line.endswith(" ") else 1)
        environment |= {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(at)}
    else:
        environment |= {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    done = subprocess.run(
        [sys.executable, "-m", "dataferry"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """With the two tables as far as they are read."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    with closing(sqlite3.connect(folder / "dataferry.sqlite")) as database:
        database.executescript(
            """
            CREATE TABLE datasets (id, name, source, source_id, title, downloaded, updated_at_ms);
            CREATE TABLE jobs (id, dataset_id, state, created_at);
            INSERT INTO datasets
            VALUES ('1', 'huggingface:stanfordnlp/imdb', 'huggingface', 'stanfordnlp/imdb', 'IMDB', 1, 2);
            INSERT INTO datasets VALUES ('2', 'kaggle:uciml/iris', 'kaggle', 'uciml/iris', 'Iris', 1, 3);
            INSERT INTO datasets VALUES ('3', 'kaggle:uciml/gone', 'kaggle', 'uciml/gone', 'Gone', 0, 3);
            INSERT INTO jobs VALUES ('job_1', '2', 'running', 1);
            """
        )
    return folder


def test_refs_jobs_and_sources_are_offered(data_dir: Path) -> None:
    assert offered("bash", "dataferry library huggingface:st", data_dir) == ["stanfordnlp/imdb"]
    assert offered("bash", "dataferry files kaggle:", data_dir) == ["uciml/iris"]
    assert "kaggle:uciml/iris" in offered("bash", "dataferry download ka", data_dir)
    assert offered("bash", "dataferry jobs pause job_", data_dir) == ["job_1"]
    assert offered("bash", "dataferry search x --source hug", data_dir) == ["huggingface"]
    assert offered("bash", "dataferry keys set ", data_dir) == ["kaggle", "huggingface"]
    assert {"high", "normal", "low"} <= set(offered("bash", "dataferry jobs priority job_1 ", data_dir))
    assert any("stanfordnlp" in line for line in offered("zsh", "dataferry library hugg", data_dir))
    assert any("stanfordnlp" in line for line in offered("fish", "dataferry library hugg", data_dir))


def test_what_is_in_the_way_is_not_told(data_dir: Path, tmp_path: Path) -> None:
    """Words that are no command, and no database: a stack trace in the prompt (django-typer#75)."""
    assert offered("bash", "dataferry nothing-of-the-kind x", data_dir) == []
    assert offered("bash", "dataferry jobs pause job_", tmp_path / "none") == []
    assert not (tmp_path / "none").exists()
    (data_dir / "dataferry.sqlite").write_bytes(b"no database")
    assert offered("bash", "dataferry jobs pause job_", data_dir) == []


def test_it_is_offered_in_little_time_of_the_processor(data_dir: Path) -> None:
    before = os.times()
    began = time.monotonic()
    offered("bash", "dataferry library huggingface:st", data_dir)
    after = os.times()
    used = after.children_user - before.children_user + after.children_system - before.children_system
    assert used < 1.0, f"{used} s, of {time.monotonic() - began} s"


@pytest.mark.parametrize(
    ("words", "cursor", "joined", "place"),
    [
        ("dataferry library huggingface : st", "4", "dataferry library huggingface:st", "2"),
        ("dataferry library huggingface :", "3", "dataferry library huggingface:", "2"),
        ("dataferry download kaggle : a/b --fo", "5", "dataferry download kaggle:a/b --fo", "3"),
        ("dataferry search : x", "3", "dataferry search : x", "3"),
    ],
)
def test_words_that_bash_broke_at_a_colon(words: str, cursor: str, joined: str, place: str) -> None:
    environment = {"COMP_WORDS": words, "COMP_CWORD": cursor}
    join_words(environment)
    assert (environment["COMP_WORDS"], environment["COMP_CWORD"]) == (joined, place)
