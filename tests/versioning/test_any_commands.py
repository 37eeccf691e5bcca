"""Random git commands: index.py and the data agree at the end, or a clear word says what is to be done.

A longer run: DATAFERRY_EXAMPLES=200 python -m pytest tests/versioning/test_any_commands.py
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.support.git_repositories import GitFolder, new_repository
from tests.support.index_files import INGEST, SCHEMA, check_agrees, more, transform

_EXAMPLES = int(os.environ.get("DATAFERRY_EXAMPLES", "2"))
#: Where functions are written, so far from each other that git merges them.
PLACES = ("one", "two", "three")
BASE = (
    SCHEMA
    + INGEST
    + "".join(f"\n    # {place}\n    #\n    #\n    #\n    # behind {place}\n" for place in PLACES)
)
BRANCHES = ("main", "topic", "other")
STEPS = settings(
    max_examples=_EXAMPLES,
    stateful_step_count=8 if _EXAMPLES < 10 else 25,
    deadline=None,
    derandomize=_EXAMPLES < 10,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class GitMachine(RuleBasedStateMachine):
    template: GitFolder

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.said = ""

    @initialize()
    def begin(self) -> None:
        shutil.copytree(self.template.folder, self.root / "work", symlinks=True)
        shutil.copytree(self.template.home, self.root / "home")
        self.repo = GitFolder(self.root / "work", self.root / "home")

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    def run(self, *command: str) -> bool:
        done = self.repo.run("git", *command)
        self.said = done.stdout + done.stderr
        assert "Traceback" not in self.said, self.said
        return done.returncode == 0

    def heal(self, undo: str) -> None:
        """Do what is said; where git itself has a conflict, take it back."""
        if "Run: git commit --no-edit" in self.said:
            assert self.run("commit", "-q", "--no-edit"), self.said
        elif "CONFLICT" in self.said or "could not apply" in self.said or "nothing to commit" in self.said:
            self.run(undo, "--abort")
        else:
            raise AssertionError(f"no clear word:\n{self.said}")

    @rule(
        place=st.sampled_from(PLACES),
        kind=st.sampled_from(["transform", "rows", "nothing"]),
        word=st.sampled_from("abc"),
    )
    def commit(self, place: str, kind: str, word: str) -> None:
        written = {
            "transform": transform(f"of_{place}", word=word),
            "rows": more(f"rows_{place}", ord(word) - 96),
            "nothing": "",
        }
        text = (self.repo.folder / "index.py").read_text()
        before, _, rest = text.partition(f"    # {place}\n")
        after = rest.partition(f"    # behind {place}\n")[2]
        self.repo.write(
            "index.py",
            f"{before}    # {place}\n    #\n{written[kind]}    #\n    #\n    # behind {place}\n{after}",
        )
        self.run("commit", "-qam", f"{kind} {word} at {place}")

    @rule(branch=st.sampled_from(BRANCHES))
    def switch(self, branch: str) -> None:
        assert self.run("switch", "-q", branch) or self.run("switch", "-q", "-c", branch), self.said

    @rule(branch=st.sampled_from(BRANCHES))
    def merge(self, branch: str) -> None:
        if self.exists(branch) and not self.run("merge", "-q", "--no-edit", branch):
            self.heal("merge")

    @rule(branch=st.sampled_from(BRANCHES))
    def rebase(self, branch: str) -> None:
        if self.exists(branch) and not self.run("rebase", "-q", branch):
            self.heal("rebase")

    @rule(branch=st.sampled_from(BRANCHES))
    def cherry_pick(self, branch: str) -> None:
        if self.exists(branch) and not self.is_merge(branch) and not self.run("cherry-pick", branch):
            self.heal("cherry-pick")

    @rule()
    def revert(self) -> None:
        if self.depth() > 0 and not self.is_merge("HEAD") and not self.run("revert", "--no-edit", "HEAD"):
            self.heal("revert")

    @precondition(lambda self: self.depth() > 0)
    @rule(how=st.sampled_from(["--hard", "--mixed", "--soft"]))
    def reset(self, how: str) -> None:
        assert self.run("reset", "-q", how, "HEAD~1"), self.said
        if how != "--hard":
            assert self.run("stash", "-q"), self.said
            self.run("stash", "drop", "-q")

    @rule()
    def clean(self) -> None:
        self.run("clean", "-qfdx")
        self.run("datasets", "restore")

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "repo"):
            return
        if "is stale" in self.said:
            assert "git commit --amend --no-edit" in self.said
            if "git datasets trust" in self.said:
                self.run("datasets", "trust")
            assert self.run("commit", "-q", "--amend", "--no-edit"), self.said
        check_agrees(self.repo)
        assert self.repo.git("status", "--porcelain") == ""

    def exists(self, branch: str) -> bool:
        return self.repo.run("git", "rev-parse", "-q", "--verify", branch).returncode == 0

    def is_merge(self, revision: str) -> bool:
        return self.repo.run("git", "rev-parse", "-q", "--verify", f"{revision}^2").returncode == 0

    def depth(self) -> int:
        if not hasattr(self, "repo"):
            return 0
        return int(self.repo.git("rev-list", "--first-parent", "--count", "HEAD")) - 1


def test_index_and_data_agree_whatever_is_done(tmp_path: Path) -> None:
    repo = new_repository(tmp_path)
    repo.write("index.py", BASE)
    repo.git("datasets", "track", "index.py")
    repo.git("commit", "-qm", "first")
    machine: Any = type("Machine", (GitMachine,), {"template": repo}).TestCase
    machine.settings = STEPS
    machine().runTest()
