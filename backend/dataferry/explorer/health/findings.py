"""What was found, group by group: written by a job, and read page by page."""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from dataferry.explorer.health.views import Finding, FindingGroup, FindingKind

_FILE = "findings.sqlite"
#: Members of a group in a page; an export has all.
_SHOWN_MEMBERS = 50


class FindingWriter:
    """Writes all findings of one report. They take the place of earlier ones when ``close`` is called."""

    def __init__(self, folder: Path) -> None:
        self._path, self._part = folder / _FILE, folder / f"{_FILE}.new"
        self._part.unlink(missing_ok=True)
        self._connection = sqlite3.connect(self._part)
        self._connection.execute("PRAGMA journal_mode=OFF")
        self._connection.execute(
            "CREATE TABLE groups (kind TEXT, place INTEGER, body TEXT, PRIMARY KEY (kind, place))"
        )
        self.findings: list[Finding] = []

    def add(self, kind: FindingKind, says: str, groups: Iterable[FindingGroup]) -> None:
        """Write the groups of a finding. One without groups was not found. ``says`` may have ``{total}`` and
        ``{members}`` in it."""
        total = members = 0
        for total, group in enumerate(groups, 1):
            members += len(group.members)
            body = group.model_dump_json(exclude_defaults=True)
            self._connection.execute("INSERT INTO groups VALUES (?, ?, ?)", (kind, total - 1, body))
        if total:
            told = _of_one(says) if total == 1 else says
            told = told.format(total=f"{total:,}", members=f"{members:,}")
            self.findings.append(Finding(kind=kind, total=total, members=members, says=told))

    def close(self) -> None:
        self._connection.commit()
        self._connection.close()
        self._part.rename(self._path)

    def abandon(self) -> None:
        self._connection.close()
        self._part.unlink(missing_ok=True)


def _of_one(says: str) -> str:
    """``{total} pictures are …`` of one: its noun and its verb."""

    def singular(found: re.Match[str]) -> str:
        noun, verb = found["noun"], found["verb"]
        one = noun.removesuffix("es") if noun in ("classes", "boxes") else noun.removesuffix("s")
        verbs = {"are": "is", "have": "has", "reach": "reaches", "name": "names"}
        return f"{{total}} {one} {verbs.get(verb, verb)}"

    return re.sub(r"^\{total\} (?P<noun>\w+) (?P<verb>\w+)", singular, says)


def read_groups(folder: Path, kind: FindingKind, offset: int, limit: int) -> list[FindingGroup]:
    """A page of a finding's groups, each with its first members."""
    return [_cut(group) for group in _groups(folder, kind, offset, limit)]


def all_groups(folder: Path, kind: FindingKind) -> Iterator[FindingGroup]:
    """Every group, whole."""
    return _groups(folder, kind, 0, -1)


def _groups(folder: Path, kind: FindingKind, offset: int, limit: int) -> Iterator[FindingGroup]:
    query = "SELECT body FROM groups WHERE kind = ? AND place >= ? ORDER BY place LIMIT ?"
    address = f"file:{(folder / _FILE).as_posix()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as connection:
        for (body,) in connection.execute(query, (kind, offset, limit)):
            yield FindingGroup.model_validate_json(body)


def _cut(group: FindingGroup) -> FindingGroup:
    more = max(0, len(group.members) - _SHOWN_MEMBERS)
    return FindingGroup(members=group.members[:_SHOWN_MEMBERS], more=more) if more else group
