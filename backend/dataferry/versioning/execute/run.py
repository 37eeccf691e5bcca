"""What all functions share that one commit runs."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dataferry.core.errors import InvalidInput
from dataferry.versioning.execute.memo import Memos, open_memos
from dataferry.versioning.execute.pool import Pool
from dataferry.versioning.execute.running import ChildProcess, Children, Workplace
from dataferry.versioning.execute.wire import KEPT
from dataferry.versioning.model.cache import Cache
from dataferry.versioning.model.columns import StoredFile
from dataferry.versioning.model.progress import Report


@dataclass
class Run:
    """``name``: what errors call the index file; ``scratch``: a folder on the cache's disk."""

    name: str
    cache: Cache
    scratch: Path
    children: Children
    pool: Pool
    report: Report
    sandbox: bool
    _stack: ExitStack

    @cached_property
    def memos(self) -> Memos:
        """Opened when the first transform runs."""
        return self._stack.enter_context(open_memos(self.cache))

    def receive(self, file: StoredFile, child: ChildProcess) -> None:
        """Have a file in the cache that a process says is there. One in a sandbox cannot put it there, and
        its word is not taken for it. Errors: ``InvalidInput``, ``OSError``."""
        if not self.sandbox or self.cache.has("objects", file.sha256):
            return
        path = child.folder / KEPT / file.sha256
        if self.cache.keep_file(path, move=False) != (file.sha256, file.size):
            raise InvalidInput(f"{self.name}: A file was changed while it was taken into the cache.")
        path.unlink()


@contextmanager
def running(workplace: Workplace, cache: Cache, *, report: Report, jobs: int | None) -> Iterator[Run]:
    """Everything is ended at the end, however it comes. Errors: ``ConfigError`` where there is no sandbox."""
    workplace.check()
    with ExitStack() as stack:
        children = Children(workplace)
        stack.callback(children.close)
        pool = Pool(children, jobs)
        stack.callback(pool.close)
        yield Run(workplace.name, cache, workplace.scratch, children, pool, report, workplace.sandbox, stack)
