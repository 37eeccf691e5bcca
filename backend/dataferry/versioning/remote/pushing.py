"""Bringing a dataset's data to a remote: objects first, then columns. What it returns from is there whole."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from hashlib import file_digest, sha256

from dataferry.core.errors import Conflict, DamagedFile, NotFound
from dataferry.versioning.model.cache import Cache
from dataferry.versioning.model.columns import StoredFile, check_column, read_column
from dataferry.versioning.model.lock_file import Lock
from dataferry.versioning.model.progress import Progress, Report, silent
from dataferry.versioning.model.schema import FieldKind
from dataferry.versioning.remote.contents import Contents, path_of, paths_of
from dataferry.versioning.remote.packs import SMALL_BYTES, Sized, divide, write_index
from dataferry.versioning.remote.remote_marks import Marks, read_marks
from dataferry.versioning.remote.remotes import Remote


@dataclass(frozen=True, slots=True)
class Pushed:
    """What was not there yet: how many objects of how many bytes, and how many columns."""

    objects: int = 0
    bytes: int = 0
    columns: int = 0


def push(
    cache: Cache,
    locks: Iterable[Lock],
    remote: Remote,
    report: Report = silent,
    *,
    repair: bool = False,
    repository: str | None = None,
) -> Pushed:
    """Send what these locks need and ``remote`` has not. Only datasets of this remote are looked at. With
    ``repair`` all that is there is read, and what is damaged is sent again. ``repository``: a name of
    this one that no other has, by which the remote knows who pushes there.

    It may be interrupted at any point and done again; it then sends what is left. Errors: ``NotFound`` for
    data that is neither here nor there, and where there is no such place; ``DamagedFile`` for an object in
    the cache; those of ``remote_errors``.
    """
    columns = {
        digest: kind
        for lock in locks
        for dataset in lock.datasets
        if dataset.remote == remote.name
        for digest, kind in dataset.columns.items()
    }
    if not columns:
        return Pushed()
    with cache.adding():
        pushed = Pushed()
        marks = _checked_marks(remote)
        while True:
            work = _Push(cache, remote, report, repair, marks)
            more = work.run(columns)
            pushed = Pushed(*map(sum, zip(astuple(pushed), astuple(more), strict=True)))
            later = read_marks(remote)
            if work.needed & later.deleting:
                raise _going(remote)
            if not work.needed & (later.condemned ^ marks.condemned):
                break
            marks = later
        if repository and repository not in remote.list("repositories"):
            remote.write(f"repositories/{repository}", b"")
        remote.flush()
    return pushed


def _checked_marks(remote: Remote) -> Marks:
    """Both questions at once. Errors: ``NotFound`` where there is no such place."""
    with ThreadPoolExecutor(1, thread_name_prefix="datasets-remote") as pool:
        marks = pool.submit(read_marks, remote)
        remote.check()
        return marks.result()


class _Push:
    """``needed``: the paths of all that has to be at the remote, once it has run."""

    def __init__(self, cache: Cache, remote: Remote, report: Report, repair: bool, marks: Marks) -> None:
        self._cache, self._remote, self._report, self._repair = cache, remote, report, repair
        self._contents = Contents(remote, cache, without=marks.condemned)
        self.needed: set[str] = set()

    def run(self, columns: Mapping[str, FieldKind]) -> Pushed:
        listed: Collection[str] = self._contents.files("columns", columns)
        # A clone with a part of the history has not all columns; those are the remote's already.
        here = {digest: kind for digest, kind in columns.items() if digest not in listed or self._has(digest)}
        objects = self._objects(here)
        if self._repair:
            found, listed = self._contents.sound(objects, columns)
        else:
            found = self._found(objects)
        absent = self._absent(objects, found)
        new = [digest for digest in columns if digest not in listed]
        if not all(map(self._has, new)):
            raise self._nowhere("Columns of the dataset are")
        self._send(absent)
        for _ in self._remote.each(self._send_column, new):
            pass
        self.needed |= {path_of("columns", digest) for digest in columns}
        return Pushed(len(absent), sum(item.size for item in absent), len(new))

    def _has(self, column: str) -> bool:
        return self._cache.has("columns", column)

    def _objects(self, columns: Mapping[str, FieldKind]) -> dict[str, int]:
        """The sizes of all objects, in the order of the rows: a range of rows lies together in a pack."""
        objects: dict[str, int] = {}
        for digest, kind in columns.items():
            try:
                for value in read_column(self._cache, digest, kind):
                    if isinstance(value, StoredFile):
                        objects[value.sha256] = value.size
            except FileNotFoundError as error:
                raise self._nowhere(f"A column ({digest[:12]}…) of the dataset is") from error
        return objects

    def _found(self, needed: Mapping[str, int]) -> set[str]:
        small = {digest: size for digest, size in needed.items() if size < SMALL_BYTES}
        places = dict(self._contents.places(small))
        self.needed |= {path for place in places.values() for path in paths_of(place.pack)}
        rest = {digest: size for digest, size in needed.items() if digest not in small}
        self.needed |= {path_of("objects", digest) for digest in rest}
        return places.keys() | self._contents.large(rest)

    def _absent(self, needed: Mapping[str, int], found: Collection[str]) -> list[Sized]:
        absent = [Sized(digest, size) for digest, size in needed.items() if digest not in found]
        lost = sum(not self._cache.has("objects", item.sha256) for item in absent)
        if lost:
            raise self._nowhere(f"{lost:,} of the dataset's files are")
        return absent

    def _nowhere(self, what: str) -> NotFound:
        return NotFound(
            f"{what} neither here nor at {self._remote}.",
            next_step="Run git datasets push in a clone that has them, or take back the commits that need "
            "them.",
        )

    def _send(self, objects: Sequence[Sized]) -> None:
        progress = Progress("push", sum(item.size for item in objects), self._report)

        def send_pack(pack: list[Sized]) -> None:
            self._send_pack(pack)
            progress.add(sum(item.size for item in pack))

        def send_large(item: Sized) -> None:
            self._check(item.sha256)
            self._remote.upload(self._cache.path("objects", item.sha256), path_of("objects", item.sha256))
            progress.add(item.size)

        for _ in self._remote.each(send_pack, divide(item for item in objects if item.size < SMALL_BYTES)):
            pass
        for _ in self._remote.each(send_large, (item for item in objects if item.size >= SMALL_BYTES)):
            pass

    def _send_pack(self, pack: Sequence[Sized]) -> None:
        name, index = write_index(pack)
        entry = self._contents.packs.get(name)
        if self._repair or entry is None or entry.size != sum(item.size for item in pack):
            data = bytearray()
            for item in pack:
                data += self._read(item)
            self._remote.write(f"packs/{name}", data)
        self._remote.write(f"indexes/{name}", index)
        self.needed.update(paths_of(name))

    def _read(self, item: Sized) -> bytes:
        data = self._cache.path("objects", item.sha256).read_bytes()
        if sha256(data).hexdigest() != item.sha256:
            raise _damaged(item.sha256)
        return data

    def _check(self, digest: str) -> None:
        with self._cache.path("objects", digest).open("rb") as file:
            if file_digest(file, "sha256").hexdigest() != digest:
                raise _damaged(digest)

    def _send_column(self, digest: str) -> None:
        path = self._cache.path("columns", digest)
        check_column(path, digest)
        self._remote.upload(path, path_of("columns", digest))


def _going(remote: Remote) -> Conflict:
    return Conflict(
        f"Something that this push needs is being deleted at {remote}.",
        next_step="Do it again in a few minutes; if it stays so, run git datasets gc --remote again.",
    )


def _damaged(digest: str) -> DamagedFile:
    return DamagedFile(
        f"The file {digest[:12]}… in the cache is damaged, and is not sent.",
        next_step="git datasets doctor names where it belongs; bring it again, then push.",
    )
