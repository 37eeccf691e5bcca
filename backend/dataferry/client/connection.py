"""What a program asks of Dataferry: to search, to download and to load."""

import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from platformdirs import user_cache_path

from dataferry.client.client import Client, opened
from dataferry.client.dataset import Dataset, files_below
from dataferry.client.fetch import fetch, served_files
from dataferry.client.library_rows import rows_here
from dataferry.client.names import dataset_segment
from dataferry.client.progress import progress
from dataferry.core.errors import Conflict, DataferryError, NotFound
from dataferry.core.hub_addresses import read_address
from dataferry.core.settings import read_settings
from dataferry.core.specs import source_named

#: A longer name may be none of a folder.
_NAME_CHARS = 120

Paths = Sequence[str] | None


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A dataset that a search found. ``status``: ``downloaded``, ``absent``, or the state of its job."""

    ref: str
    title: str
    description: str
    url: str
    license: str | None
    size_bytes: int | None
    downloads: int
    status: str


@dataclass(frozen=True, slots=True)
class LibraryDataset:
    """A dataset that is in the library."""

    ref: str
    revision: str
    title: str
    license: str | None
    size_bytes: int | None
    file_count: int | None


class Connection:
    """Dataferry on this machine, or on another one (``dataferry.connect``). It may be used by several
    threads."""

    def __init__(
        self, open_client: Callable[[], AbstractContextManager[Client]], cache: Path, shown: bool | None
    ) -> None:
        self._open, self._cache, self._shown = open_client, cache, shown

    def search(self, words: str, *, sources: Paths = None, limit: int = 20) -> list[SearchResult]:
        """Datasets of Kaggle, HuggingFace and the built-in ones, the best first. A source that cannot be
        asked is told of by a warning, and the others answer. ``sources``: only these (``["kaggle"]``)."""
        body = {"query": words, "limit": limit} | ({"sources": list(sources)} if sources else {})
        with self._open() as client:
            answer = client.call("POST", "/api/datasets/search-all", json=body, repeatable=True)
        for problem in answer["source_errors"]:
            warnings.warn(f"{problem['detail']} {problem['next_step'] or ''}".strip(), stacklevel=2)
        return [
            SearchResult(**_fields(SearchResult, one | {"status": one["local_status"]}))
            for one in answer["datasets"]
        ]

    def library(self) -> list[LibraryDataset]:
        """The datasets that are in the library, newest change first."""
        with self._open() as client:
            rows = rows_here(client)
        return [LibraryDataset(**_fields(LibraryDataset, row)) for row in rows]

    def download(self, ref: str, *, revision: str | None = None, files: Paths = None) -> Path:
        """The folder with the dataset's files on this machine, each verified. Arguments and errors: as
        ``load``."""
        return self.load(ref, revision=revision, files=files).path

    def load(
        self, ref: str, *, revision: str | None = None, files: Paths = None, download: bool = True
    ) -> Dataset:
        """A dataset, to be read as tables. One that is not in the library is downloaded, and waited for.

        ``ref``: ``source:id`` (``kaggle:uciml/iris``), a short name that the library knows, or the address of
        its page at a hub. ``revision``: by default the one that is here, or else the newest. ``files``: only
        these, by path or by pattern as in ``.gitignore`` (``*.parquet``). ``download=False``: never download.

        Errors: ``NotFound`` where there is no such dataset, and without ``download`` where it is not here;
        ``Conflict`` without ``download`` where it is on its way, or damaged; ``GatedDataset`` where its terms
        are to be accepted; ``NetworkFault`` and others that keep it from arriving. Each names the next act.
        """
        with self._open() as client:
            dataset_id = _here(client, ref, revision) if files is None else None
            if dataset_id is None:
                if not download:
                    raise _not_here(client, ref, revision)
                dataset_id = self._downloaded(client, ref, revision, files)
            receipt = self._receipt(client, dataset_id, files=False)
            client.call("POST", f"/api/datasets/{quote(dataset_id)}/opened", repeatable=True)
            tree = Path(receipt["local_path"])
            if client.elsewhere is None and os.access(tree, os.R_OK | os.X_OK):
                names: Callable[[], Sequence[str]] = partial(files_below, tree)
            else:
                tree, names = self._fetched(client, dataset_id)
        return Dataset(receipt["ref"], receipt["revision"], receipt["license"], tree, names)

    def _downloaded(self, client: Client, ref: str, revision: str | None, files: Paths) -> str:
        """The id of the dataset's row, once its files are in the library."""
        wanted = {"dataset_id": _full_ref(client, ref), "revision": revision, "files": files}
        body = {name: value for name, value in wanted.items() if value is not None}
        ticket = client.call("POST", "/api/datasets/download-dataset", json=body, repeatable=True)
        if ticket["status"] == "succeeded":
            return str(ticket["library_id"])
        told = None
        with progress(ticket["ref"], self._shown) as show:
            for job in client.follow(ticket["job_id"]):
                show(job.progress.bytes_done, job.progress.bytes_total)
                if job.state == "waiting" and job.problem is not None and job.problem.detail != told:
                    told = job.problem.detail
                    _tell(f"{ticket['ref']} waits: {told} It is tried again; `dataferry jobs` shows when.")
        if job.state != "succeeded":
            raise job.problem.restore() if job.problem else _stopped(ticket["ref"], job.id)
        return str(job.dataset_id)

    def _fetched(self, client: Client, dataset_id: str) -> tuple[Path, Callable[[], Sequence[str]]]:
        """The files of a dataset of a server elsewhere, in the cache of this machine."""
        receipt = self._receipt(client, dataset_id, files=True)
        served = served_files(receipt)
        host = urlsplit(client.address).netloc.replace(":", "_")
        folder = self._cache / host / receipt["key"][:_NAME_CHARS] / receipt["revision"][:12]
        with progress(receipt["ref"], self._shown) as show:
            fetch(client, dataset_id, served, folder, show)
        return folder, lambda: [file.path for file in served]

    def _receipt(self, client: Client, dataset_id: str, *, files: bool) -> Any:
        params = {"files": str(files).lower()}
        return client.call("GET", f"/api/datasets/{quote(dataset_id)}/receipt", params=params)


def connect(
    url: str | None = None,
    token: str | None = None,
    *,
    cache: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> Connection:
    """Dataferry at the address ``url``, with a personal token of it; without, the one that the functions of
    this package use: the server that ``DATAFERRY_SERVER`` names with ``DATAFERRY_TOKEN``, else this
    machine's, which is started where none runs.

    What is loaded from another machine comes into ``cache``, by default a folder of this person's: only what
    is missing, verified by its SHA-256. ``progress``: show it or not; by default on a terminal and in a
    notebook. A server that is named is asked at once whether it takes the token.

    Errors: ``NetworkFault`` where it does not answer, ``NotSignedIn`` where it refuses the token,
    ``ConfigError`` where there is none.
    """
    given = {name: value for name, value in (("server", url), ("token", token)) if value is not None}
    folder = user_cache_path("dataferry") / "datasets" if cache is None else Path(cache).expanduser()

    @contextmanager
    def open_client() -> Iterator[Client]:
        with opened(read_settings(**given), tell=_tell) as client:
            yield client

    if url is not None:
        with open_client() as client:
            client.call("GET", "/api/auth/me")
    return Connection(open_client, folder, progress)


def load(ref: str, *, revision: str | None = None, files: Paths = None, download: bool = True) -> Dataset:
    """``connect().load(…)``: a dataset, to be read as tables; see ``Connection.load``."""
    return connect().load(ref, revision=revision, files=files, download=download)


def download(ref: str, *, revision: str | None = None, files: Paths = None) -> Path:
    """``connect().download(…)``: the folder with a dataset's files; see ``Connection.download``."""
    return connect().download(ref, revision=revision, files=files)


def search(words: str, *, sources: Paths = None, limit: int = 20) -> list[SearchResult]:
    """``connect().search(…)``: datasets that fit the words; see ``Connection.search``."""
    return connect().search(words, sources=sources, limit=limit)


def _fields(kind: type[SearchResult | LibraryDataset], row: Mapping[str, Any]) -> dict[str, Any]:
    return {field.name: row[field.name] for field in fields(kind)}


def _tell(text: str) -> None:
    warnings.warn(text, stacklevel=3)


def _here(client: Client, ref: str, revision: str | None) -> str | None:
    """The id of the dataset's row where its files are in the library, and none is missing or changed."""
    try:
        row = _row(client, ref, revision)
    except NotFound:
        return None
    return str(row["id"]) if row["downloaded"] and row["condition"] != "damaged" else None


def _row(client: Client, ref: str, revision: str | None) -> Any:
    params = {"revision": revision} if revision else {}
    return client.call("GET", f"/api/datasets/{dataset_segment(ref)}", params=params)


def _full_ref(client: Client, ref: str) -> str:
    """``ref`` with its source, where it is a short name that the library knows."""
    source, colon, _ = ref.partition(":")
    if "/" in ref or (colon and source_named(source)):
        return ref
    try:
        return str(_row(client, ref, None)["ref"])
    except NotFound:
        return ref


def _not_here(client: Client, ref: str, revision: str | None) -> DataferryError:
    try:
        row = _row(client, ref, revision)
    except NotFound:
        if not {"/", ":"} & set(ref):
            return _unknown(ref)
        row = {"ref": str(read_address(ref).ref) if "/" in ref else ref, "status": "absent"}
    if row["status"] in ("queued", "running", "verifying", "waiting", "paused"):
        return Conflict(
            f"{row['ref']} is on its way: job {row['download_job_id']} is {row['status']},"
            f" {row['download_progress']:.0f} % are there.",
            next_step="Without download=False it is waited for.",
        )
    if row["status"] == "damaged":
        return Conflict(
            f"Files of {row['ref']} are missing or changed.",
            next_step="Without download=False they come again.",
        )
    return NotFound(
        f"{row['ref']} is not in the library.", next_step="Without download=False it is downloaded."
    )


def _unknown(name: str) -> NotFound:
    """Of a name without an owner, for which nothing in the library stands."""
    name = name[:120]
    return NotFound(
        f"The library has no dataset named {name!r}.",
        next_step="Write it with its source, as kaggle:OWNER/NAME or huggingface:NAME, or find it with"
        f" dataferry.search({name!r}).",
    )


def _stopped(ref: str, job_id: str) -> DataferryError:
    return Conflict(f"The download of {ref} was cancelled: job {job_id}.", next_step="Load it again.")
