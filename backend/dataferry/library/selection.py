"""Which part of a dataset is wanted: files by path or pattern, or a config and split of its source.

A pattern is read as git reads one in ``.gitignore``: ``*`` and ``?`` stay within one folder, ``**`` does
not, ``[a-c]`` is a choice; ``*.csv`` without a folder fits in any, ``/*.csv`` only at the top, and
``data/`` is all that lies below. A path without any of these is that file and no other.

``include`` and ``exclude`` are read as ``hf download`` reads them: against the whole path, of which ``*``
takes slashes too, so that ``data/*`` is all that lies below.
"""

import re
import shutil
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import translate
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from dataferry.core.errors import InvalidInput, NotFound
from dataferry.core.types import Manifest
from dataferry.transfer import FetchResult

#: Each is matched against each file.
MAX_PATTERNS = 100
#: Files that an error lists.
_MAX_LISTED = 5
_WILDCARDS = frozenset("*?[")

Pattern = list[re.Pattern[str] | None]
"""One for each folder of a path and one for its name; None is ``**``."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What of a dataset is wanted, and in which form; all of it, unpacked, by default."""

    files: tuple[str, ...] = ()
    config: str | None = None
    split: str | None = None
    keep_archives: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        files: Iterable[str] | None = None,
        config: str | None = None,
        split: str | None = None,
        keep_archives: bool = False,
        include: Iterable[str] | None = None,
        exclude: Iterable[str] | None = None,
    ) -> Self:
        """Errors: ``InvalidInput`` for files beside a config or split, or too many patterns."""
        chosen = tuple(sorted(set(files or ())))
        included, excluded = tuple(sorted(set(include or ()))), tuple(sorted(set(exclude or ())))
        if chosen and (config or split):
            raise InvalidInput(
                "Files and a config or split cannot be chosen together.", next_step="Leave out one of them."
            )
        if sum(map(is_pattern, chosen)) + len(included) + len(excluded) > MAX_PATTERNS:
            raise InvalidInput(
                f"At most {MAX_PATTERNS} patterns can be asked for at once.",
                next_step="Use a wider one, or name the files.",
            )
        return cls(chosen, config or None, split or None, keep_archives, included, excluded)

    @classmethod
    def from_params(cls, params: dict[str, Any]) -> Self:
        """The selection that ``params`` wrote into a job."""
        names = ("files", "config", "split", "keep_archives", "include", "exclude")
        return cls.of(**{name: params[name] for name in names if params.get(name)})

    @property
    def params(self) -> dict[str, Any]:
        return {
            "files": list(self.files) or None,
            "config": self.config,
            "split": self.split,
            "keep_archives": self.keep_archives,
            "include": list(self.include) or None,
            "exclude": list(self.exclude) or None,
        }

    @property
    def everything(self) -> bool:
        """Every file is wanted."""
        return not (self.files or self.config or self.split or self.include or self.exclude)

    def choice(self, files: Sequence[str] | None = None) -> "Choice":
        """What of the paths is wanted. ``files``: the patterns of its config or split, where it has one."""
        return Choice(self.files if files is None else tuple(files), self.include, self.exclude)

    @property
    def digest(self) -> str:
        """Names the choice; empty for all of a dataset in its usual form."""
        lines = list(self.files)
        lines += [f"\0config {self.config}"] if self.config else []
        lines += [f"\0split {self.split}"] if self.split else []
        lines += ["\0archives"] if self.keep_archives else []
        lines += [f"\0include {pattern}" for pattern in self.include]
        lines += [f"\0exclude {pattern}" for pattern in self.exclude]
        return sha256("\n".join(lines).encode()).hexdigest()[:8] if lines else ""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which paths are wanted: those that ``files`` names or matches (all, where it is empty), of these those
    that one of ``include`` matches, and none that ``exclude`` does."""

    files: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        return not (self.files or self.include or self.exclude)

    def matching(self, paths: Collection[str]) -> set[str]:
        """The wanted ones among ``paths``.

        Errors: ``NotFound`` where a name or pattern of ``files`` fits none, or where nothing is left.
        """
        found = matching_paths(paths, self.files) if self.files else set(paths)
        for patterns, wanted in ((self.include, True), (self.exclude, False)):
            compiled = [re.compile(translate(f"{one}*" if one.endswith("/") else one)) for one in patterns]
            if compiled:
                found = {path for path in found if any(one.match(path) for one in compiled) is wanted}
        if not found and not self.everything:
            raise _no_match([*self.include, *(f"not {pattern}" for pattern in self.exclude)], paths)
        return found


def is_pattern(wanted: str) -> bool:
    return wanted.startswith("/") or wanted.endswith("/") or not _WILDCARDS.isdisjoint(wanted)


def matching_paths(paths: Collection[str], wanted: Sequence[str]) -> set[str]:
    """The paths that ``wanted`` names or matches. Errors: ``NotFound`` listing what matches none, and some
    that exist."""
    existing = set(paths)
    found = existing & set(wanted)
    missing = []
    for pattern in wanted:
        if pattern in found:
            continue
        matching = paths_of_pattern(existing, pattern) if is_pattern(pattern) else set()
        found |= matching
        if not matching:
            missing.append(pattern)
    if missing:
        raise _no_match(missing, existing)
    return found


def paths_of_pattern(paths: Iterable[str], pattern: str) -> set[str]:
    """The paths that one pattern matches."""
    compiled = _compiled(pattern)
    return {path for path in paths if _matches(path.split("/"), compiled)}


def _compiled(pattern: str) -> Pattern:
    anywhere = "/" not in pattern
    parts = (pattern + "**" if pattern.endswith("/") else pattern).lstrip("/").split("/")
    compiled = [None if part == "**" else re.compile(translate(part)) for part in parts]
    return [None, *compiled] if anywhere else compiled


def _matches(parts: Sequence[str], pattern: Pattern) -> bool:
    """Simulates the pattern as an automaton over the path's parts, with the set of positions reached so far:
    no pattern backtracks, so none takes exponential time."""
    reached = {0}
    for index, step in enumerate(pattern):
        if step is None:
            # At the end ``**`` matches at least one part, elsewhere none too.
            least = min(reached) + (index == len(pattern) - 1)
            reached = set(range(least, len(parts) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(parts) and step.match(parts[at])}
        if not reached:
            return False
    return len(parts) in reached


def _no_match(missing: Sequence[str], existing: Collection[str]) -> NotFound:
    names = ", ".join(sorted(missing)[:_MAX_LISTED])
    has = ", ".join(sorted(existing)[:_MAX_LISTED])
    more = f" and {len(existing) - _MAX_LISTED} more" if len(existing) > _MAX_LISTED else ""
    return NotFound(f"The dataset has no file {names}.", next_step=f"It has {has}{more}.")


def archives_of(manifest: Manifest) -> set[str]:
    """Paths of the archives that are unpacked once they are here."""
    return {entry.path for entry in manifest.files if entry.unpack}


def select(manifest: Manifest, wanted: Choice) -> Manifest:
    """The manifest without the files that are not wanted. Archives are kept: their members are selected once
    they are unpacked."""
    if wanted.everything or archives_of(manifest):
        return manifest
    paths = wanted.matching([entry.path for entry in manifest.files])
    return Manifest(
        manifest.ref, manifest.revision, tuple(entry for entry in manifest.files if entry.path in paths)
    )


def drop_unwanted(result: FetchResult, target: Path, wanted: Choice, archives: set[str]) -> FetchResult:
    """Drop unpacked members that were not asked for. ``archives`` that are here stay: they were asked for, or
    could not be unpacked. Errors: ``NotFound`` where nothing is left."""
    if wanted.everything or all(file.path in archives for file in result.files):
        return result
    try:
        kept = wanted.matching([file.path for file in result.files]) | archives
    except NotFound:
        shutil.rmtree(target)
        raise
    for file in result.files:
        if file.path not in kept:
            (target / file.path).unlink(missing_ok=True)  # an earlier run may have
    return FetchResult(files=tuple(file for file in result.files if file.path in kept))
