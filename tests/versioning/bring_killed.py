"""Run by ``test_kill``, in a process without threads: ``bring`` is killed before each of its changes."""

import sys
from pathlib import Path

from dataferry.versioning.model.lock_file import Lock
from dataferry.versioning.repository import Repository
from dataferry.versioning.tree.working_tree import bring
from tests.support.git_repositories import GitFolder, nothing_to_fetch
from tests.support.kill_points import sweep
from tests.support.versioned import made_files

FILES = made_files(6)


def main(work: Path, home: Path, wanted: Path) -> None:
    repo = GitFolder(work, home)
    text = wanted.read_text()
    repository = Repository.open(work)
    repo.write("index.py.lock", text)
    before = Lock.parse((work / ".git/datasets/applied/index.py.lock").read_text())

    def act() -> None:
        bring(repository, "index.py", fetch=nothing_to_fetch)

    def check(number: int) -> None:
        journal = (work / ".git/datasets/journal.json").exists()
        rows = len(repo.rows()) if (work / "dataset.sqlite").exists() else 0
        assert journal or rows in (before.datasets[0].rows, 6), number
        assert mine(work) == "mine", number
        (work / "image").mkdir(exist_ok=True)
        (work / "image/later.txt").write_text("after the kill")
        # The next command heals, whichever version it is for.
        for lock, files in ((str(before), FILES[:3]), (text, FILES)) if number % 2 else ((text, FILES),):
            repo.write("index.py.lock", lock)
            bring(repository, "index.py", fetch=nothing_to_fetch)
            found = [p.read_bytes() for p in sorted((work / "image").glob("*.png"))]
            assert found == files, (number, repo.names("image"))
            assert len(repo.rows()) == len(files), number
            assert mine(work) == "mine", number
            assert (work / "image/later.txt").read_text() == "after the kill", number
        state = {path.name for path in (work / ".git/datasets").iterdir()}
        assert not state & {"leaving", "making", "journal.json"}, (number, state)

    print(sweep(work, act, check))


def mine(work: Path) -> str:
    """The user's file, wherever it is just now."""
    (found,) = list(work.rglob("mine.txt*"))
    return found.read_text()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
