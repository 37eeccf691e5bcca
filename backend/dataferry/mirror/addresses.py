"""What a client of the Hub asks for, by the path of its request.

    api/datasets/{repo}[/revision/{revision}]          what it is
    api/datasets/{repo}/tree/{revision}[/{folder}]     what is in it
    api/datasets/{repo}/paths-info/{revision}          some of that
    api/datasets/{repo}/refs, /commits/{revision}, /auth-check
    datasets/{repo}/resolve/{revision}/{file}          a file; raw is the same

``repo`` is ``owner/name``, or one of the old names without an owner. Slashes in a revision are written
``%2F``; some clients write that of the repository so too.
"""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

Action = Literal["info", "tree", "paths-info", "refs", "commits", "auth-check", "resolve"]

#: Actions by the word in the path, and whether a revision follows.
_ACTIONS: dict[str, tuple[Action, bool]] = {
    "revision": ("info", True),
    "tree": ("tree", True),
    "paths-info": ("paths-info", True),
    "commits": ("commits", True),
    "resolve": ("resolve", True),
    "raw": ("resolve", True),
    "refs": ("refs", False),
    "auth-check": ("auth-check", False),
}
#: ``refs/convert/parquet`` and ``refs/pr/1`` as people write them, without ``%2F``.
_SLASHED_REFS = ("convert", "pr")


@dataclass(frozen=True, slots=True)
class RepoAddress:
    """``revision``: None where none is named; ``path``: of a file or folder, empty for the top one."""

    repo: str
    action: Action = "info"
    revision: str | None = None
    path: str = ""


def parse_address(raw_path: str) -> RepoAddress | None:
    """What the path, as it was sent and without the mirror's own prefix, asks of a dataset; None where it is
    none of a dataset's addresses."""
    segments = [segment for segment in raw_path.split("/") if segment]
    if segments[:1] == ["api"]:
        del segments[0]
    if segments[:1] != ["datasets"] or len(segments) < 2:
        return None
    for length in (1, 2):
        repo, rest = "/".join(map(unquote, segments[1 : 1 + length])), segments[1 + length :]
        if repo.count("/") > 1 or len(repo) > 200:
            return None
        if not rest:
            return RepoAddress(repo)
        address = _acted(repo, rest)
        if address is not None:
            return address
    return None


def _acted(repo: str, rest: list[str]) -> RepoAddress | None:
    """The address of what ``rest`` names in a repository; None where that is no action."""
    action, with_revision = _ACTIONS.get(rest[0], (None, False))
    if action is None:
        return None
    if not with_revision:
        return RepoAddress(repo, action) if len(rest) == 1 else None
    if len(rest) < 2:
        return None
    end = 4 if rest[1] == "refs" and len(rest) > 3 and rest[2] in _SLASHED_REFS else 2
    revision = unquote("/".join(rest[1:end]))
    return RepoAddress(repo, action, revision, unquote("/".join(rest[end:])))
