"""Refusals as the Hub words them: its clients read ``X-Error-Code`` and show ``X-Error-Message``."""

import math
from typing import Literal

from dataferry.core.errors import DataferryError, GatedDataset, NotFound, NotSignedIn

ErrorCode = Literal["RepoNotFound", "RevisionNotFound", "EntryNotFound", "GatedRepo"]


class Refusal(Exception):
    """Any answer that is not what was asked for. ``commit``: of the revision that was looked at;
    ``retry_after`` in seconds."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: ErrorCode | None = None,
        commit: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = _one_line(message)
        self.headers = {"X-Error-Message": self.message}
        if code is not None:
            self.headers["X-Error-Code"] = code
        if commit is not None:
            self.headers["X-Repo-Commit"] = commit
        if retry_after is not None:
            self.headers["Retry-After"] = str(max(1, math.ceil(retry_after)))


def revision_not_found(repo: str, revision: str, why: str = "") -> Refusal:
    return Refusal(404, f"{repo} has no revision {revision[:80]!r} here. {why}", code="RevisionNotFound")


def entry_not_found(repo: str, path: str, commit: str, why: str = "") -> Refusal:
    return Refusal(404, f"{repo} has no {path[:200]!r}. {why}", code="EntryNotFound", commit=commit)


def read_only() -> Refusal:
    return Refusal(
        403,
        "This is a mirror of a Dataferry library, and nothing can be uploaded to it."
        " To upload to the Hub itself, unset HF_ENDPOINT.",
    )


def datasets_only(path: str) -> Refusal:
    """What else the Hub has is not here."""
    return Refusal(
        404,
        f"This mirror has datasets and nothing else ({path[:80]}). For models and Spaces unset HF_ENDPOINT,"
        " or set it only for the program that loads datasets.",
        code="RepoNotFound",
    )


def refusal_of(error: DataferryError, *, of_dataset: bool, token_given: bool) -> Refusal:
    """What a client is told of an error. ``of_dataset``: it asked for one, so that "not found" is of that."""
    return Refusal(
        error.status,
        f"{error.detail} {error.next_step or ''}",
        code=_code_of(error, of_dataset=of_dataset, token_given=token_given),
        retry_after=error.retry_after,
    )


def _code_of(error: DataferryError, *, of_dataset: bool, token_given: bool) -> ErrorCode | None:
    if isinstance(error, GatedDataset):
        return "GatedRepo"
    # The Hub says the same of what is not there and of what nobody in particular may see.
    hidden = isinstance(error, NotSignedIn) and not token_given
    return "RepoNotFound" if of_dataset and (hidden or isinstance(error, NotFound)) else None


def _one_line(text: str) -> str:
    """As a header may have it: one line of ASCII."""
    plain = " ".join(text.split()).replace("“", '"').replace("”", '"').replace("’", "'")
    return plain.encode("ascii", "replace").decode()[:1000]
