"""Index files that are run in a folder of the test's own."""

import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dataferry.versioning.declare.index_file import read_index
from dataferry.versioning.execute.execution import execute
from dataferry.versioning.execute.planning import plan
from dataferry.versioning.model.cache import Cache
from dataferry.versioning.model.columns import StoredFile, Value, read_column
from dataferry.versioning.model.lock_file import Lock

PNG = b"\x89PNG\r\n\x1a\n"


@dataclass
class Workshop:
    """A folder with an index file's cache. ``lock`` is what the last run made."""

    folder: Path
    lock: Lock | None = None
    reports: list[tuple[str, int, int]] = field(default_factory=list)

    @property
    def cache(self) -> Cache:
        return Cache(self.folder / ".git" / "datasets")

    def run(self, text: str, **options: Any) -> dict[str, list[Value]]:
        """Run what a commit would; the columns of the first dataset. On an error the lock stays."""
        text = textwrap.dedent(text)
        changes = plan(read_index(text, folder=self.folder), self.lock)
        self.lock = execute(
            changes,
            text,
            "index.py",
            self.lock,
            self.cache,
            cwd=self.folder,
            report=lambda what, done, total: self.reports.append((what, done, total)),
            jobs=options.pop("jobs", 2),
            **options,
        )
        return self.columns(self.lock)

    def columns(self, lock: Lock) -> dict[str, list[Value]]:
        found: dict[str, list[Value]] = {}
        dataset = lock.datasets[0]
        for locked in dataset.fields:
            found[locked.field.name] = [
                value
                for group in dataset.groups
                for value in read_column(
                    self.cache, group.columns[locked.field.name].sha256, locked.field.kind
                )
            ]
        return found

    def bytes_of(self, value: Value) -> bytes:
        assert isinstance(value, StoredFile)
        return self.cache.path("objects", value.sha256).read_bytes()

    def write(self, files: Mapping[str, bytes | str]) -> None:
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def lines(self, name: str) -> list[str]:
        """Of a file that functions wrote to; none if there is no such file."""
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []

    def has_left_nothing(self) -> bool:
        """Whether no temporary file lies about."""
        temporary = self.cache.folder / "tmp"
        return not temporary.exists() or not any(temporary.iterdir())


def main() -> None:
    """``python -m tests.versioning.running FOLDER``: run its ``index.py``, for a test that ends this."""
    folder = Path(sys.argv[1])
    Workshop(folder).run((folder / "index.py").read_text())


if __name__ == "__main__":
    main()
