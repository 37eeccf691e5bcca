"""A kill at any moment: nothing of a user is lost, and the next command heals."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from dataferry.versioning.model.lock_file import Lock
from tests.support.git_repositories import GitFolder, environment
from tests.support.transcripts import ROOT
from tests.support.versioned import appended, dataset_of, made_files

FILES = made_files(6)


def test_folders_heal_after_a_kill_at_any_point(repo: GitFolder, tmp_path: Path) -> None:
    cache = repo.repository.cache
    first = dataset_of(cache, FILES[:3])
    more = dataset_of(cache, FILES[3:]).datasets[0]
    second = appended(first, Lock((replace(more, groups=(replace(more.groups[0], source="more"),)),)))
    repo.bring(first)
    repo.write("image/mine.txt", "mine")
    (tmp_path / "wanted").write_text(str(second))
    command = [sys.executable, "-m", "tests.versioning.bring_killed"]
    done = subprocess.run(
        [*command, str(repo.folder), str(repo.home), str(tmp_path / "wanted")],
        cwd=ROOT,
        env=environment(repo.home),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20
