"""The names that datasets have as repositories, and back.

A dataset of HuggingFace keeps its own. One of another source has the source for its owner:
``kaggle/uciml__iris``, ``builtin/iris``. Where the Hub's rules for names do not allow an id, as they do not
allow a URL, its last part is followed by a digest: ``url/iris.csv-1f2e3d4c5b6a``.
"""

import re
from hashlib import sha256

from dataferry.core.errors import InvalidInput
from dataferry.core.specs import SOURCES
from dataferry.core.types import DatasetRef

_HUGGINGFACE = "huggingface"
#: What clients take for a name (huggingface_hub.utils.validate_repo_id).
_ALLOWED = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?")
_MAX_CHARS = 96
_DIGEST = re.compile(r".*-[0-9a-f]{12}")
_UNUSUAL = re.compile(r"[^A-Za-z0-9_.]+|\.{2,}")


def repo_of(ref: DatasetRef) -> str:
    """The repository that a dataset is."""
    if ref.source == _HUGGINGFACE:
        return ref.id
    name = ref.id.replace("/", "__")
    # Another dataset's name could otherwise come out the same: ``a_/b`` and ``a/_b``.
    if not _is_name(f"{ref.source}/{name}") or ref_of(f"{ref.source}/{name}") != ref:
        name = _digested(ref.id)
    return f"{ref.source}/{name}"


def ref_of(repo: str) -> DatasetRef | None:
    """The dataset that a repository is; None for one whose name only its digest tells, or that can be none.

    ``kaggle/titanic`` is HuggingFace's, which has an owner of that name.
    """
    owner, slash, name = repo.partition("/")
    if slash and owner in SOURCES and owner != _HUGGINGFACE:
        if _DIGEST.fullmatch(name):
            return None
        has_owners = SOURCES[owner].hub or SOURCES[owner].given
        if not has_owners or "__" in name:
            return _made(owner, name.replace("__", "/", 1) if has_owners else name)
    return _made(_HUGGINGFACE, repo)


def source_of_digest(repo: str) -> str | None:
    """The source of a dataset that only its digest tells; None where the repository is none of those."""
    owner, _, name = repo.partition("/")
    return owner if owner in SOURCES and owner != _HUGGINGFACE and _DIGEST.fullmatch(name) else None


def source_and_owner(author: str) -> tuple[str, str | None]:
    """The source of an author's datasets, and what their ids begin with there; None for all of a source."""
    if author in SOURCES and author != _HUGGINGFACE:
        return author, None
    return _HUGGINGFACE, author


def _made(source: str, dataset_id: str) -> DatasetRef | None:
    try:
        return DatasetRef.make(source, dataset_id)
    except InvalidInput:
        return None


def _is_name(repo: str) -> bool:
    name = repo.partition("/")[2]
    return (
        len(repo) <= _MAX_CHARS
        and _ALLOWED.fullmatch(name) is not None
        and "--" not in name
        and ".." not in name
        and not name.endswith(".git")
    )


def _digested(dataset_id: str) -> str:
    last = dataset_id.partition("#")[0].rstrip("/").rpartition("/")[2]
    readable = _UNUSUAL.sub("-", last).strip("-.")[:40].strip("-.") or "dataset"
    return f"{readable}-{sha256(dataset_id.encode()).hexdigest()[:12]}"
