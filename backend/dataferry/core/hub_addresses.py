"""What people write to name a dataset: a ref, an id beside a source, or the address of its page at a hub.

::

    huggingface:owner/name
    https://huggingface.co/datasets/owner/name[/tree|blob|resolve/<revision>[/<path>]]
    hf://datasets/owner/name[@<revision>][/<path>]
    https://www.kaggle.com/datasets/owner/name[/versions/<number>][/data][?select=<path>]
"""

from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from dataferry.core.errors import InvalidInput
from dataferry.core.specs import source_named
from dataferry.core.types import DatasetRef

_HUGGINGFACE_HOSTS = frozenset({"huggingface.co", "hf.co"})
_KAGGLE_HOST = "kaggle.com"
#: What follows a dataset's id in its pages at HuggingFace. ``True``: a revision and a path come next.
_HUGGINGFACE_PAGES = {
    "tree": True,
    "blob": True,
    "resolve": True,
    "raw": True,
    "blame": True,
    "commits": False,
    "commit": False,
    "discussions": False,
    "settings": False,
    "viewer": False,
    "edit": False,
    "embed": False,
}


#: What else than an owner of models stands first in the hub's addresses.
HUGGINGFACE_SECTIONS = frozenset(
    {"datasets", "spaces", "models", "docs", "papers", "blog", "collections", "settings", "organizations"}
)


@dataclass(frozen=True, slots=True)
class DatasetAddress:
    """A dataset, and what the address says beside it. ``path``: a file of it; with a slash at its end a
    folder."""

    ref: DatasetRef
    revision: str | None = None
    path: str | None = None


def read_address(text: str, source: str | None = None) -> DatasetAddress:
    """What ``text`` names. ``source``: the one that is meant where the text names none; ``url`` takes any
    address as that of a file.

    Errors: ``InvalidInput`` for an unknown source, an id of the wrong form, or a hub's page that is of no
    dataset.
    """
    text = text.strip()
    named = source_named(source) if source is not None else None
    if named != "url":
        address = _read_hub_address(text)
        if address is not None:
            return address
        if text.startswith(("http://", "https://")) and source is None:
            return DatasetAddress(DatasetRef.make("url", text))
        prefix, colon, _ = text.partition(":")
        if colon and source_named(prefix) is not None:
            return DatasetAddress(DatasetRef.parse(text))
    if source is None:
        name = text[:80]
        at_kaggle = name if "/" in name else f"OWNER/{name}"
        raise InvalidInput(
            f"{name!r} names no source.",
            next_step=f"Write it as kaggle:{at_kaggle} or huggingface:{name}, or name the source.",
        )
    return _read_id(text, source)


def _read_id(text: str, source: str) -> DatasetAddress:
    """An id as a hub's own program takes it: ``datasets/owner/name``, ``owner/name/versions/3``."""
    parts = text.split("/")
    if source_named(source) == "huggingface" and len(parts) == 3 and parts[0] == "datasets":
        return DatasetAddress(DatasetRef.make(source, "/".join(parts[1:])))
    if source_named(source) == "kaggle" and len(parts) == 4 and parts[2] == "versions":
        return DatasetAddress(DatasetRef.make(source, "/".join(parts[:2])), parts[3])
    return DatasetAddress(DatasetRef.make(source, text))


def _read_hub_address(text: str) -> DatasetAddress | None:
    """None for what is no address at a hub, and for a hub's files that are of no dataset."""
    if text.startswith("hf://"):
        return _read_hf_path(text.removeprefix("hf://"))
    bare = text.removeprefix("www.").partition("/")[0].lower()
    try:
        parts = urlsplit(f"https://{text}" if bare in {*_HUGGINGFACE_HOSTS, _KAGGLE_HOST} else text)
    except ValueError:
        return None
    host = (parts.hostname or "").removeprefix("www.")
    segments = [unquote(segment) for segment in parts.path.split("/") if segment]
    if parts.scheme not in ("http", "https"):
        return None
    if host in _HUGGINGFACE_HOSTS:
        return _read_huggingface_page(segments)
    return _read_kaggle_page(parts, segments) if host == _KAGGLE_HOST else None


def _read_huggingface_page(segments: list[str]) -> DatasetAddress | None:
    if segments[:1] != ["datasets"] or len(segments) < 2:
        if {"resolve", "raw"} & set(segments):  # a file of a model, say, which is a file like another
            return None
        of_model = len(segments) > 1 and segments[0] not in HUGGINGFACE_SECTIONS
        raise _no_dataset("https://huggingface.co/datasets/owner/name", model=of_model)
    alone = len(segments) < 3 or segments[2] in _HUGGINGFACE_PAGES
    end = 2 if alone else 3
    ref = DatasetRef.make("huggingface", "/".join(segments[1:end]))
    page, revision, path = segments[end : end + 1], segments[end + 1 : end + 2], segments[end + 2 :]
    if not page or not _HUGGINGFACE_PAGES.get(page[0], False) or not revision:
        return DatasetAddress(ref)
    if revision == ["refs"] and len(path) >= 2:  # refs/convert/parquet, refs/pr/1
        revision, path = [f"refs/{path[0]}/{path[1]}"], path[2:]
    folder = "/" if page == ["tree"] else ""
    return DatasetAddress(ref, revision[0], "/".join(path) + folder if path else None)


def _read_hf_path(text: str) -> DatasetAddress:
    """As ``HfFileSystem`` writes it: a slash within a revision is ``%2F``."""
    segments = text.split("/")
    if segments[0] != "datasets" or len(segments) < 3:
        raise _no_dataset("hf://datasets/owner/name")
    name, _, revision = segments[2].partition("@")
    ref = DatasetRef.make("huggingface", f"{segments[1]}/{name}")
    path = "/".join(segments[3:])
    return DatasetAddress(ref, unquote(revision) or None, path or None)


def _read_kaggle_page(parts: SplitResult, segments: list[str]) -> DatasetAddress:
    if segments[:1] != ["datasets"] or len(segments) < 3:
        of_model = segments[:1] == ["models"] and len(segments) > 1
        raise _no_dataset("https://www.kaggle.com/datasets/owner/name", model=of_model)
    ref = DatasetRef.make("kaggle", "/".join(segments[1:3]))
    query = parse_qs(parts.query)
    version = segments[4:5] if segments[3:4] == ["versions"] else query.get("datasetVersionNumber", [])
    selected = query.get("select", [])
    return DatasetAddress(ref, next(iter(version), None), next(iter(selected), None))


def _no_dataset(form: str, *, model: bool = False) -> InvalidInput:
    if model:
        return InvalidInput(
            "That address is of a model: only datasets are downloaded here.",
            next_step=f"Give a dataset's address as {form}.",
        )
    return InvalidInput("That address is of no dataset.", next_step=f"Give it as {form}.")
