"""A folder as a power cut could leave it, at any moment of what a process did to it.

``History`` reads the process's calls into changes: of the bytes and the size of a file, and of the names in
a folder. A change is sure once a sync that began after it has ended; of the others a power cut leaves what
a ``Loss`` says.
"""

import os
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.support.syscalls import Call


@dataclass(eq=False)
class Node:
    """A file or a folder, whatever it is called."""

    folder: bool = False
    #: What it held before the first call.
    content: bytes = b""
    #: What it was called first.
    name: str = ""


@dataclass(eq=False)
class Change:
    """``names`` are entries of folders, set or (None) taken away, all at once; else ``data`` was written at
    ``offset`` of ``node``, or the file was cut or grown to ``size``."""

    node: Node | None = None
    offset: int = 0
    data: bytes = b""
    size: int | None = None
    names: tuple[tuple[Node, str, Node | None], ...] = ()
    #: When it happened, and from which moment on it is sure.
    at: int = 0
    sure_at: float = float("inf")

    @property
    def is_name(self) -> bool:
        """Of a name or a size, and not of bytes."""
        return self.node is None or self.size is not None

    def touches(self, node: Node) -> bool:
        return self.node is node or any(folder is node for folder, _, _ in self.names)


@dataclass(frozen=True)
class Loss:
    """What a power cut leaves of changes that are not sure.

    ``names``: of names and sizes none are left, all are, or all up to some moment, as a journal of metadata
    keeps them. ``data``: what is left of the bytes that were written to a file that was made under some
    name, None where the file ends before them.
    """

    name: str
    names: Literal["none", "all", "some"]
    data: Callable[[str, bytes, random.Random], bytes | None]


def _torn(name: str, data: bytes, chance: random.Random) -> bytes | None:
    return chance.choice((None, data, data[: len(data) // 2], bytes(len(data))))


def _journal_ahead(name: str, data: bytes, chance: random.Random) -> bytes | None:
    """What is told of the bytes reached the disk before them."""
    return data if name.startswith(("journal", "finished")) else bytes(len(data))


NOTHING_LOST = Loss("nothing", "all", lambda name, data, chance: data)
ALL_LOST = Loss("all is lost", "none", lambda name, data, chance: None)
LOSSES = (
    ALL_LOST,
    Loss("the journal is ahead", "all", _journal_ahead),
    Loss("zeros", "all", lambda name, data, chance: bytes(len(data))),
    Loss("empty files", "all", lambda name, data, chance: None),
    Loss("torn", "some", _torn),
)


@dataclass
class _Open:
    node: Node
    position: int = 0
    append: bool = False


@dataclass
class History:
    """The changes below ``root``. It is read before the process begins, and told its calls afterwards."""

    root: Path
    changes: list[Change] = field(default_factory=list)
    #: Moments that are worth a cut: before and after a sync, and after a change of names.
    moments: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._top = Node(folder=True)
        self._first: dict[Node, dict[str, Node]] = {self._top: {}}
        self._read(self.root, self._top)
        self._now = {folder: dict(names) for folder, names in self._first.items()}
        self._sizes = {node: len(node.content) for names in self._first.values() for node in names.values()}
        self._descriptors: dict[int, _Open] = {}
        self.end = 0

    def tell(self, calls: Sequence[Call]) -> None:
        for self.end, call in enumerate(calls, 1):
            handler = getattr(self, f"_{call.name}", None)
            if handler is not None:
                handler(call)
            elif str(self.root) in " ".join(map(_shown, call.arguments)):
                raise AssertionError(f"not known here: {call.name}")

    def cut(self, at: int, loss: Loss, chance: random.Random, folder: Path) -> None:
        """Make ``folder`` what is left after a power cut at a moment."""
        names = {node: dict(entries) for node, entries in self._first.items()}
        bodies: dict[Node, bytearray] = {}
        kept = {"none": -1, "all": at, "some": chance.randint(0, at)}[loss.names]
        for change in self.changes:
            if change.at > at:
                break
            if change.sure_at <= at or (change.is_name and change.at <= kept):
                _apply(change, names, bodies)
            elif change.node is not None and not change.is_name:
                data = loss.data(change.node.name, change.data, chance)
                if data is not None:
                    _apply(Change(change.node, change.offset, data), names, bodies)
        if folder.exists():
            shutil.rmtree(folder)
        _write(folder, self._top, names, bodies)

    # -- before ----------------------------------------------------------------------------------

    def _read(self, place: Path, node: Node) -> None:
        for each in place.iterdir():
            child = Node(each.is_dir(), b"" if each.is_dir() else each.read_bytes(), each.name)
            self._first[node][each.name] = child
            if child.folder:
                self._first[child] = {}
                self._read(each, child)

    # -- names -----------------------------------------------------------------------------------

    def _find(self, path: str) -> tuple[Node, str] | None:
        """The folder that a path's last name stands in; None for what is not below the root."""
        relative = os.path.relpath(path, self.root)
        if relative.startswith(".."):
            return None
        node, (*folders, name) = self._top, relative.split("/")
        for each in folders:
            node = self._now[node][each]
        return node, name

    def _node(self, path: str) -> Node | None:
        if os.path.relpath(path, self.root) == ".":
            return self._top
        found = self._find(path)
        return None if found is None else self._now[found[0]].get(found[1])

    def _name(self, *entries: tuple[Node, str, Node | None]) -> None:
        for folder, name, node in entries:
            if node is None:
                self._now[folder].pop(name, None)
            else:
                self._now[folder][name] = node
        self._add(Change(names=entries))
        self.moments.add(self.end)

    def _add(self, change: Change) -> None:
        change.at = self.end
        self.changes.append(change)

    def _open(self, call: Call) -> None:
        self._opened(call, call.path(0), call.arguments[1])

    def _openat(self, call: Call) -> None:
        self._opened(call, call.path(1), call.arguments[2])

    def _opened(self, call: Call, path: str, flags: str) -> None:
        found = self._find(path) if os.path.isabs(path) else None
        if found is None or found[1] == ".":
            return
        node = self._now[found[0]].get(found[1])
        if node is None:
            node = Node(name=found[1])
            self._sizes[node] = 0
            self._name((*found, node))
        elif "O_TRUNC" in flags:
            self._resize(node, 0)
        self._descriptors[call.result] = _Open(node, append="O_APPEND" in flags)

    def _close(self, call: Call) -> None:
        self._descriptors.pop(call.descriptor(), None)

    def _mkdir(self, call: Call, index: int = 0) -> None:
        if found := self._find(call.path(index)):
            node = Node(folder=True)
            self._now[node] = {}
            self._first[node] = {}
            self._name((*found, node))

    def _unlink(self, call: Call) -> None:
        self._taken(call.path(0))

    _rmdir = _unlink

    def _unlinkat(self, call: Call) -> None:
        self._taken(os.path.join(call.folder(0), call.path(1)))

    def _taken(self, path: str) -> None:
        if found := self._find(path):
            self._name((*found, None))

    def _rename(self, call: Call) -> None:
        self._moved(call.path(0), call.path(1))

    def _renameat2(self, call: Call) -> None:
        self._moved(call.path(1), call.path(3), exchange="RENAME_EXCHANGE" in call.arguments[4])

    def _moved(self, old: str, new: str, *, exchange: bool = False) -> None:
        source, target = self._find(old), self._find(new)
        if source is None or target is None:
            return
        one, other = self._now[source[0]][source[1]], self._now[target[0]].get(target[1])
        self._name((*source, other if exchange else None), (*target, one))

    def _link(self, call: Call) -> None:
        self._linked(call.path(0), call.path(1))

    def _linkat(self, call: Call) -> None:
        self._linked(call.path(1), call.path(3))

    def _linked(self, old: str, new: str) -> None:
        if found := self._find(new):
            self._name((*found, self._node(old)))

    # -- bytes -----------------------------------------------------------------------------------

    def _write(self, call: Call) -> None:
        if file := self._descriptors.get(call.descriptor()):
            position = self._sizes[file.node] if file.append else file.position
            self._put(file.node, position, call.data(1)[: call.result])
            file.position = position + call.result

    def _pwrite64(self, call: Call) -> None:
        if file := self._descriptors.get(call.descriptor()):
            self._put(file.node, call.number(3), call.data(1)[: call.result])

    def _put(self, node: Node, offset: int, data: bytes) -> None:
        self._sizes[node] = max(self._sizes[node], offset + len(data))
        self._add(Change(node, offset, data))

    def _lseek(self, call: Call) -> None:
        if file := self._descriptors.get(call.descriptor()):
            file.position = call.result

    def _ftruncate(self, call: Call) -> None:
        if file := self._descriptors.get(call.descriptor()):
            self._resize(file.node, call.number(1))

    def _fallocate(self, call: Call) -> None:
        assert call.arguments[1] == "0", "a fallocate that only makes room"
        if file := self._descriptors.get(call.descriptor()):
            self._resize(file.node, max(self._sizes[file.node], call.number(2) + call.number(3)))

    def _resize(self, node: Node, size: int) -> None:
        self._sizes[node] = size
        self._add(Change(node, size=size))

    # -- syncs -----------------------------------------------------------------------------------

    def _fsync(self, call: Call) -> None:
        node = (
            self._descriptors[call.descriptor()].node
            if call.descriptor() in self._descriptors
            else self._node(call.folder())
        )
        if node is not None:
            self._sure(call, lambda change: change.touches(node))

    _fdatasync = _fsync

    def _syncfs(self, call: Call) -> None:
        self._sure(call, lambda change: True)

    _sync = _syncfs

    def _sure(self, call: Call, which: Callable[[Change], bool]) -> None:
        for change in self.changes:
            if change.at <= call.started and which(change):
                change.sure_at = min(change.sure_at, self.end)
        self.moments |= {self.end - 1, self.end}


def _apply(change: Change, names: dict[Node, dict[str, Node]], bodies: dict[Node, bytearray]) -> None:
    for folder, name, node in change.names:
        if node is None:
            names[folder].pop(name, None)
        else:
            names[folder][name] = node
    if change.node is None:
        return
    body = bodies.setdefault(change.node, bytearray(change.node.content))
    size = change.offset + len(change.data) if change.size is None else change.size
    if len(body) < size:
        body.extend(bytes(size - len(body)))
    if change.size is None:
        body[change.offset : size] = change.data
    else:
        del body[size:]


def _write(
    place: Path, folder: Node, names: dict[Node, dict[str, Node]], bodies: dict[Node, bytearray]
) -> None:
    """Folders that were moved without being taken from their old place are written there alone."""
    written: dict[Node, Path] = {}
    for path, node in _walk(place, folder, names):
        if node.folder:
            path.mkdir()
        elif node in written:
            os.link(written[node], path)
        else:
            path.write_bytes(bodies.get(node, node.content))
            written[node] = path


def _walk(place: Path, node: Node, names: dict[Node, dict[str, Node]]) -> Iterator[tuple[Path, Node]]:
    yield place, node
    if node.folder:
        for name, child in names[node].items():
            yield from _walk(place / name, child, names)


def _shown(argument: str) -> str:
    if "\\x" not in argument:
        return argument
    text = argument.replace('"', "").replace("<", "\\x3c").replace(">", "\\x3e")
    try:
        return os.fsdecode(bytes.fromhex("".join(part for part in text.split("\\x"))))
    except ValueError:
        return argument
