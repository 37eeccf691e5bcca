"""Kaggle: search, metadata and signed download addresses. The transfer engine fetches the bytes."""

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dataferry.core.errors import DataferryError, GatedDataset, InvalidInput, NotFound, SourceNotConfigured
from dataferry.core.settings import Settings
from dataferry.core.types import (
    Credential,
    DatasetRef,
    DatasetSummary,
    FileEntry,
    Http,
    Manifest,
    SourceName,
)
from dataferry.sources import metadata
from dataferry.sources.base import ListedFile, OpenFiles, SearchQuery
from dataferry.sources.http_errors import missing_file, no_files
from dataferry.sources.languages import stated_languages
from dataferry.sources.licences import license_name
from dataferry.transfer.http.content_disposition import disposition_name, last_segment, plain_name
from dataferry.transfer.http.http1 import Headers
from dataferry.transfer.http.response_errors import published_checksum

if TYPE_CHECKING:
    import requests

    from dataferry.sources.kaggle_client import KaggleCalls, KaggleConnection

#: Socket timeouts lie below the caller's deadline by this factor, so that the client gives up first.
SHARE_OF_DEADLINE = 0.9
#: A worker's calls have no person waiting for them.
MANIFEST_TIMEOUT_S = 30.0
#: Files of a version that are listed: a request for each 200.
MAX_LISTED = 10_000
#: For a person who waits: 200 files each.
_PAGES_OF_OPEN_FILES = 3
#: The most datasets that are asked for on one page.
MAX_PAGE_SIZE = 100
#: Datasets that are remembered to have rules.
_MAX_NOTED = 10_000
#: Words in tags that name a task.
_TASKS = (
    "classification",
    "regression",
    "clustering",
    "segmentation",
    "detection",
    "recommend",
    "forecasting",
)
#: The address of datasets' pages, which their ids follow.
PAGES = "https://www.kaggle.com/datasets/"
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")


class KaggleSource:
    """Public datasets need no account. Blocks: for the source's own threads.

    Beyond ``Source`` there is ``probe``: whose a credential is.
    """

    name: SourceName = "kaggle"
    threads = 6
    how_to_connect = "Make a token at kaggle.com/settings and add it here."

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.endpoint: str | None = settings.kaggle_endpoint
        #: Datasets whose rules Kaggle has asked for. Its answers do not tell it before; see ``_note_rules``.
        self._with_rules: set[str] = set()

    @cached_property
    def _connection(self) -> "KaggleConnection":
        # kagglesdk is imported when it is first needed: the server starts without it.
        from dataferry.sources.kaggle_client import KaggleConnection

        return KaggleConnection(self._settings.kaggle_endpoint, self._settings.connect_timeout_s)

    def _calls(
        self, credential: Credential, ref: DatasetRef | None, deadline_s: float
    ) -> "AbstractContextManager[KaggleCalls]":
        return self._connection.calls(credential, deadline_s * SHARE_OF_DEADLINE, ref)

    def search(self, query: SearchQuery, credential: Credential) -> list[DatasetSummary]:
        """Hits in Kaggle's own order, narrowed as far as its search can."""
        wanted = query.offset + query.limit
        found: list[Any] = []
        with self._calls(credential, None, self._settings.search_timeout_s) as kaggle:
            token: str | None = None
            while len(found) < wanted:
                page = kaggle.search(query.text, query.filters, min(wanted, MAX_PAGE_SIZE), token)
                found += page.datasets
                token = page.next_page_token
                if not token or not page.datasets:
                    break
            formats = kaggle.formats_of_hits(query.filters)
            hits = [summary_of(dataset, formats) for dataset in found[query.offset : wanted]]
        return [
            hit.model_copy(update={"gated": True}) if hit.id in self._with_rules else hit
            for hit in hits
            if hit is not None
        ]

    def describe(self, ref: DatasetRef, revision: str | None, credential: Credential) -> DatasetSummary:
        """``revision`` is a version number. The file count is None beyond 200 files."""
        with self._calls(credential, ref, self._settings.describe_timeout_s) as kaggle:
            dataset = kaggle.dataset(ref)
            version = _version(ref, revision, dataset)
            listing = kaggle.files(ref, version)
            names = [str(file.name) for file in listing.dataset_files]
            summary = _described(dataset, metadata.formats_of(names))
        update: dict[str, Any] = {"revision": str(version)}
        if not listing.next_page_token:
            update["file_count"] = len(names)
        if version != dataset.current_version_number:
            update["size_bytes"] = None
        return summary.model_copy(update=update)

    def manifest(self, ref: DatasetRef, revision: str | None, credential: Credential) -> Manifest:
        """One archive: a request for every file would soon meet Kaggle's limit."""
        with self._calls(credential, ref, MANIFEST_TIMEOUT_S) as kaggle:
            dataset = kaggle.dataset(ref)
            version = _version(ref, revision, dataset)
            total = int(dataset.total_bytes) if version == dataset.current_version_number else 0
            nothing = _described(dataset).size_bytes is None
            if nothing and not kaggle.files(ref, version).dataset_files:
                raise no_files(ref)
            try:
                with kaggle.download(ref, version) as response:
                    entry = self._entry(response, ref, version, credential)
            except (GatedDataset, SourceNotConfigured) as refused:
                self._note_rules(ref, refused)
                raise
        unpacked = total if entry.unpack else entry.size
        return Manifest(ref, str(version), (entry,), unpacked or None)

    def file_manifest(
        self, ref: DatasetRef, revision: str | None, credential: Credential, paths: Sequence[str]
    ) -> Manifest:
        """Some files of a version, each by itself: a request for each. Kaggle hands out some as
        ``<name>.zip``, which stay packed. Errors: those of ``manifest``."""
        with self._calls(credential, ref, MANIFEST_TIMEOUT_S) as kaggle:
            version = _version(ref, revision, kaggle.dataset(ref))
            entries = []
            for path in paths:
                try:
                    with kaggle.download(ref, version, path) as response:
                        entry = self._entry(response, ref, version, credential, path)
                except NotFound as error:
                    raise missing_file(ref, path) from error
                entries.append(replace(entry, unpack=False))
        return Manifest(ref, str(version), tuple(entries))

    def listing(
        self, ref: DatasetRef, revision: str | None, credential: Credential
    ) -> tuple[list[ListedFile], bool]:
        """The files in a version's archive, and whether there are more than could be listed. Each is verified
        by what the archive says of it."""
        found: list[ListedFile] = []
        token: str | None = None
        with self._calls(credential, ref, MANIFEST_TIMEOUT_S) as kaggle:
            version = _version(ref, revision, kaggle.dataset(ref))
            while len(found) < MAX_LISTED:
                page = kaggle.files(ref, version, token)
                found += [
                    ListedFile(str(file.name), int(file.total_bytes), "transport")
                    for file in page.dataset_files
                ]
                token = page.next_page_token
                if not token or not page.dataset_files:
                    return found, False
        return found, True

    def open_files(self, ref: DatasetRef, revision: str | None, credential: Credential) -> OpenFiles:
        """The first files of a version, as far as a person waits for them."""
        found: list[ListedFile] = []
        token: str | None = None
        with self._calls(credential, ref, self._settings.describe_timeout_s) as kaggle:
            version = _version(ref, revision, kaggle.dataset(ref))
            for _ in range(_PAGES_OF_OPEN_FILES):
                page = kaggle.files(ref, version, token)
                found += [
                    ListedFile(str(file.name), int(file.total_bytes), "transport")
                    for file in page.dataset_files
                ]
                token = page.next_page_token
                if not token or not page.dataset_files:
                    break
        return OpenFiles(ref, str(version), tuple(found), more=bool(token))

    def open_file(self, ref: DatasetRef, revision: str, path: str, credential: Credential) -> Http:
        """Where Kaggle's storage has one file. It may be a zip archive of it, whatever its name."""
        with self._calls(credential, ref, self._settings.describe_timeout_s) as kaggle:
            try:
                with kaggle.download(ref, int(revision), path) as response:
                    return Http(response.url)
            except (GatedDataset, SourceNotConfigured) as refused:
                self._note_rules(ref, refused)
                raise

    def readme(self, ref: DatasetRef, revision: str | None, credential: Credential) -> str:
        """Kaggle keeps one text for all versions."""
        with self._calls(credential, ref, self._settings.describe_timeout_s) as kaggle:
            return metadata.many_lines(kaggle.text(ref))

    def probe(self, credential: Credential) -> str | None:
        """The account a credential belongs to, by one cheap call; None for an anonymous one.

        Errors: ``CredentialRejected`` where Kaggle refuses it, else those of ``Source``.
        """
        if credential.secret is None:
            return None
        with self._calls(credential, None, self._settings.describe_timeout_s) as kaggle:
            return metadata.one_line(kaggle.account(), metadata.TAG_CHARS) or None

    def _note_rules(self, ref: DatasetRef, refused: DataferryError) -> None:
        """Kaggle says of no dataset that it has rules to accept, until its files are asked for."""
        # Only where it speaks of rules is there a page to accept them on.
        if refused.link is not None and len(self._with_rules) < _MAX_NOTED:
            self._with_rules.add(ref.id)

    def _entry(
        self,
        response: "requests.Response",
        ref: DatasetRef,
        version: int,
        credential: Credential,
        file: str | None = None,
    ) -> FileEntry:
        """One file of a version, or the one that stands for all, as Kaggle's storage shows it now."""
        name = _file_name(response)
        length = response.headers.get("Content-Length", "")
        begins = response.raw.read(4, decode_content=False)
        return FileEntry(
            path=name,
            origin=self._signed_url(response.url, ref, version, credential, file),
            size=int(length) if length.isdigit() else None,
            checksum=published_checksum(Headers(response.headers)),
            # A spreadsheet or a NumPy archive is a zip inside too: only one that is called so is one.
            unpack=begins in _ZIP_MAGIC and name.lower().endswith(".zip"),
        )

    def _signed_url(
        self, url: str, ref: DatasetRef, version: int, credential: Credential, file: str | None
    ) -> Http:
        """A signed address with the way to a fresh one. It carries its own permission: no header."""

        def refresh() -> Http:
            calls = self._calls(credential, ref, MANIFEST_TIMEOUT_S)
            with calls as kaggle, kaggle.download(ref, version, file) as response:
                return self._signed_url(response.url, ref, version, credential, file)

        return Http(url, refresh=refresh)


def _version(ref: DatasetRef, revision: str | None, described: Any) -> int:
    """The version number meant. Errors: ``NotFound`` where there is no such version."""
    current = int(described.current_version_number) or 1
    if revision is None:
        return current
    if not re.fullmatch(r"[1-9]\d{0,8}", revision) or int(revision) > current:
        raise NotFound(
            f"Kaggle has no version {revision[:20]!r} of {ref.id}.",
            next_step=f"Its versions are the numbers 1 to {current}.",
        )
    return int(revision)


def _described(dataset: Any, formats: tuple[str, ...] = ()) -> DatasetSummary:
    """Errors: ``ValueError`` for an answer that names no dataset."""
    summary = summary_of(dataset, formats)
    if summary is None:
        raise ValueError("the dataset has no usable reference")
    return summary


def summary_of(dataset: Any, formats: tuple[str, ...]) -> DatasetSummary | None:
    """What a search shows of a dataset as Kaggle tells it; None where its reference could not be sent back.

    ``dataset`` has the fields of the hub client's ``ApiDataset``.
    """
    try:
        # An organization's datasets are found under "organizations/", and asked for without.
        ref = DatasetRef.make("kaggle", str(dataset.ref).removeprefix("organizations/"))
    except InvalidInput:
        return None
    labels = [str(tag.name) for tag in dataset.tags]
    return DatasetSummary(
        ref=str(ref),
        source="kaggle",
        id=ref.id,
        title=metadata.one_line(dataset.title, metadata.TITLE_CHARS) or ref.name,
        description=metadata.one_line(dataset.subtitle, metadata.DESCRIPTION_CHARS),
        url=f"{PAGES}{ref.id}",
        downloads=int(dataset.download_count),
        likes=int(dataset.vote_count),
        size_bytes=int(dataset.total_bytes) or None,
        license=license_name(dataset.license_name),
        private=bool(dataset.is_private),
        updated_at=metadata.utc(dataset.last_updated),
        tags=metadata.tags(labels),
        formats=formats,
        task=next((label for label in labels if any(task in label.lower() for task in _TASKS)), None),
        languages=stated_languages(labels),
        modalities=metadata.modalities_of(labels, formats),
        revision=str(dataset.current_version_number) if dataset.current_version_number else None,
    )


def _file_name(response: "requests.Response") -> str:
    """The name that the storage gives the file, else the last part of its address."""
    given = plain_name(disposition_name(Headers(response.headers)))
    return given or last_segment(response.url) or "download"
