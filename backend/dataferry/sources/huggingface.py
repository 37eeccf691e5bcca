"""The HuggingFace Hub: search, metadata and file addresses. The transfer engine fetches the bytes."""

import re
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from dataferry.core.errors import InvalidInput
from dataferry.core.model_cards import ModelCard
from dataferry.core.settings import Settings
from dataferry.core.specs import SOURCES
from dataferry.core.types import (
    Checksum,
    Credential,
    DatasetRef,
    DatasetSummary,
    FileEntry,
    Http,
    Manifest,
    SourceName,
)
from dataferry.sources import metadata
from dataferry.sources.base import ListedFile, OpenFiles, SearchFilters, SearchQuery
from dataferry.sources.declared_tables import DeclaredTable, declared_tables
from dataferry.sources.http_errors import closed_by_hub
from dataferry.sources.huggingface_models import model_card, stated_license
from dataferry.sources.languages import stated_languages
from dataferry.sources.licences import license_family
from dataferry.sources.model_plan import ModelQuestion, ModelSort
from dataferry.sources.query_plan import MAX_SEARCHES
from dataferry.sources.subsets import main_patterns, patterns_of
from dataferry.sources.table_facts import table_facts

if TYPE_CHECKING:
    from dataferry.sources.huggingface_client import HubCalls

#: Socket timeouts lie below the caller's deadline by this factor, so that the client gives up first.
SHARE_OF_DEADLINE = 0.9
#: A worker's calls have no person waiting for them; a tree of 100,000 files has 100 pages.
MANIFEST_TIMEOUT_S = 120.0

_SORTS = {"relevance": "downloads", "downloads": "downloads", "updated": "last_modified", "size": "downloads"}
#: Families of licences that are one tag at the hub; the others come in several versions.
_LICENSE_TAGS = {"cc0": "cc0-1.0", "mit": "mit", "apache": "apache-2.0", "odbl": "odbl", "pddl": "pddl"}
#: The formats that the hub has a tag for, and its names for them.
_FORMAT_TAGS = {"csv": "csv", "json": "json", "jsonl": "json", "parquet": "parquet"}
_TASK_CATEGORIES = """
audio-classification automatic-speech-recognition depth-estimation feature-extraction fill-mask
image-classification image-feature-extraction image-segmentation image-text-to-text image-to-image
image-to-text mask-generation multiple-choice object-detection question-answering reinforcement-learning
robotics sentence-similarity summarization table-question-answering tabular-classification
tabular-regression text-classification text-generation text-retrieval text-to-image text-to-speech
time-series-forecasting token-classification translation unconditional-image-generation
video-classification visual-question-answering zero-shot-classification
"""
#: The hub's names of tasks; a search narrowed to another one would find nothing.
_TASKS = frozenset(_TASK_CATEGORIES.split())
_FORMATS = {"imagefolder": "image", "audiofolder": "audio", "videofolder": "video"}
_MAX_LINK_CHARS = 500
#: Prefixes of tags whose value alone says something to a reader.
_DESCRIPTIVE_PREFIXES = ("task_categories", "task_ids", "modality", "language")
_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\n.*?\n---[ \t]*(?:\n|\Z)", re.DOTALL)


class HuggingFaceSource:
    """Public datasets need no token. Blocks: for the source's own threads.

    Beyond ``Source`` there are ``probe``, whose a credential is, and ``subset``, what a config has.
    """

    name: SourceName = "huggingface"
    #: Two searches at a time, each with all its parts side by side.
    threads = 2 * MAX_SEARCHES
    how_to_connect = "Make a token at huggingface.co/settings/tokens and add it here."

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.endpoint: str | None = settings.hf_endpoint
        self._endpoint = settings.hf_endpoint.rstrip("/")

    def _calls(
        self, credential: Credential, ref: DatasetRef | None, deadline_s: float
    ) -> "AbstractContextManager[HubCalls]":
        # huggingface_hub is imported when it is first needed: the server starts without it.
        from dataferry.sources.huggingface_client import hub_calls

        return hub_calls(
            self._endpoint,
            credential,
            connect_timeout_s=self._settings.connect_timeout_s,
            timeout_s=deadline_s * SHARE_OF_DEADLINE,
            ref=ref,
        )

    # -- searching ----------------------------------------------------------------------------

    def search(self, query: SearchQuery, credential: Credential) -> list[DatasetSummary]:
        """Hits in the order of their downloads: the hub matches names and has no relevance to sort by."""
        wanted = query.offset + query.limit
        tags = _search_tags(query.filters)
        with self._calls(credential, None, self._settings.search_timeout_s) as hub:
            found = hub.search(
                query.text,
                narrow=tags,
                gated=query.filters.gated,
                sort=_SORTS[query.filters.sort],
                limit=wanted,
            )
            hits = [summary_of(info, self._endpoint) for info in list(found)[query.offset :]]
        return [hit for hit in hits if hit is not None]

    def search_models(
        self,
        question: ModelQuestion,
        tags: Sequence[str],
        sort: ModelSort,
        limit: int,
        credential: Credential,
    ) -> list[ModelCard]:
        """The ``limit`` most downloaded models, or the newest, that fit a question and have every tag."""
        with self._calls(credential, None, self._settings.search_timeout_s) as hub:
            found = hub.models(
                question.text,
                task=question.task,
                tags=[*tags, *([question.language] if question.language else [])],
                sort=_SORTS[sort],
                limit=limit,
            )
            cards = [model_card(info, self._endpoint) for info in found]
        return [card for card in cards if card is not None]

    # -- one dataset --------------------------------------------------------------------------

    def describe(self, ref: DatasetRef, revision: str | None, credential: Credential) -> DatasetSummary:
        """``revision`` in the answer is a commit. A gated dataset's metadata is public: ``gated`` tells,
        and ``manifest`` checks."""
        with self._calls(credential, ref, self._settings.describe_timeout_s) as hub:
            info = hub.dataset(ref.id, revision)
            summary = summary_of(info, self._endpoint)
            if summary is None or not info.sha:
                raise ValueError("the dataset has no usable id or commit")
            self._check_open(info, ref)
            siblings = info.siblings or []
            names = [sibling.rfilename for sibling in siblings]
            sizes = [sibling.size for sibling in siblings]
            # The hub lists no more of them beside its description. The tree has them all.
            counted = SOURCES[self.name].counts_files_to
            more = counted is not None and len(names) >= counted
            known = not more and None not in sizes
            return summary.model_copy(
                update={
                    "file_count": len(names),
                    "more_files": more,
                    "size_bytes": sum(size for size in sizes if size is not None) if known else None,
                    "formats": summary.formats or metadata.formats_of(names),
                }
            )

    def manifest(self, ref: DatasetRef, revision: str | None, credential: Credential) -> Manifest:
        """Every file of a commit. Files in LFS have the SHA-256 that the hub publishes, the others
        their git blob id."""
        with self._calls(credential, ref, MANIFEST_TIMEOUT_S) as hub:
            info = hub.commit(ref.id, revision)
            true_ref, commit = DatasetRef("huggingface", str(info.id)), str(info.sha)
            self._check_open(info, true_ref)
            if info.gated:
                hub.check_access(true_ref.id)
            headers = {"Authorization": f"Bearer {credential.secret}"} if credential.secret else {}
            files = tuple(
                _entry(file, Http(hub.file_url(true_ref.id, commit, file.path), headers))
                for file in hub.tree(true_ref.id, commit)
            )
        return Manifest(true_ref, commit, files, sum(entry.size or 0 for entry in files))

    def open_files(self, ref: DatasetRef, revision: str | None, credential: Credential) -> OpenFiles:
        """By one request. A gated dataset's are listed to all: ``open_file`` leads to who is refused."""
        with self._calls(credential, ref, self._settings.describe_timeout_s) as hub:
            info = hub.dataset(ref.id, revision)
            true_ref = DatasetRef("huggingface", str(info.id))
            self._check_open(info, true_ref)
            found = [(str(one.rfilename), one.size) for one in info.siblings or []]
            counted = SOURCES[self.name].counts_files_to
            return OpenFiles(
                true_ref,
                str(info.sha),
                tuple(ListedFile(path, size, "recorded") for path, size in found),
                main_patterns(getattr(info.card_data, "configs", None)),
                more=counted is not None and len(found) >= counted,
            )

    def open_file(self, ref: DatasetRef, revision: str, path: str, credential: Credential) -> Http:
        """Where one file is. Nothing is asked for it."""
        headers = {"Authorization": f"Bearer {credential.secret}"} if credential.secret else {}
        with self._calls(credential, ref, self._settings.describe_timeout_s) as hub:
            return Http(hub.file_url(ref.id, revision, path), headers)

    def check_access(self, ref: DatasetRef, revision: str | None, credential: Credential) -> None:
        """Two requests, however many files there are. Errors: those of ``manifest``."""
        with self._calls(credential, ref, self._settings.describe_timeout_s) as hub:
            info = hub.commit(ref.id, revision)
            if info.gated:
                hub.check_access(str(info.id))

    def subset(
        self,
        ref: DatasetRef,
        revision: str | None,
        credential: Credential,
        config: str | None,
        split: str | None,
    ) -> tuple[str, ...]:
        """Patterns of the files that a config, or a split of it, has by the dataset's card.

        Errors: ``NotFound`` naming those that exist.
        """
        with self._calls(credential, ref, MANIFEST_TIMEOUT_S) as hub:
            card = hub.commit(ref.id, revision).card_data
        return patterns_of(getattr(card, "configs", None), config, split)

    def declared_tables(
        self, ref: DatasetRef, revision: str | None, credential: Credential
    ) -> tuple[DeclaredTable, ...]:
        """The tables that the dataset's card declares; none for most datasets."""
        with self._calls(credential, ref, self._settings.describe_timeout_s) as hub:
            return declared_tables(hub.commit(ref.id, revision).card_data)

    def readme(self, ref: DatasetRef, revision: str | None, credential: Credential) -> str:
        """The dataset card without its YAML front matter."""
        with self._calls(credential, ref, self._settings.describe_timeout_s) as hub:
            text = metadata.many_lines(hub.card(ref.id, revision or "main"))
        return _FRONT_MATTER.sub("", text, count=1).strip()

    def probe(self, credential: Credential) -> str | None:
        """The account a token belongs to, by one cheap call; None for an anonymous credential.

        Errors: ``CredentialRejected`` where the hub refuses it, else those of ``Source``.
        """
        if credential.secret is None:
            return None
        with self._calls(credential, None, self._settings.describe_timeout_s) as hub:
            return metadata.one_line(hub.account(), metadata.TAG_CHARS) or None

    def _check_open(self, info: Any, ref: DatasetRef) -> None:
        """Errors: ``Forbidden`` for a dataset that the hub has closed."""
        if info.disabled:
            raise closed_by_hub(ref, "", f"{self._endpoint}/datasets/{ref.id}")


def summary_of(info: Any, endpoint: str = "") -> DatasetSummary | None:
    """What a search shows of a dataset as the hub tells it; None where its id could not be sent back.

    ``info`` has the fields of the hub client's ``DatasetInfo``.
    """
    try:
        ref = DatasetRef.make("huggingface", str(info.id))
    except InvalidInput:
        return None
    labels = [str(tag) for tag in info.tags or []]
    prefixes = (*_DESCRIPTIVE_PREFIXES, "license", "format", "size_categories")
    tagged = _values(labels, prefixes)
    table = table_facts(info.card_data, tagged["size_categories"])
    url = f"{endpoint}/datasets/{ref.id}"
    name = getattr(info.card_data, "pretty_name", None)
    title = metadata.one_line(str(name or ""), metadata.TITLE_CHARS) or ref.name
    # The hub makes the description from the card's text, which usually begins with the title.
    about = metadata.one_line(info.description, metadata.DESCRIPTION_CHARS).removeprefix(title).strip()
    formats = [_FORMATS.get(value, value) for value in tagged["format"]]
    return DatasetSummary(
        ref=str(ref),
        source="huggingface",
        id=ref.id,
        title=title,
        description=about,
        url=url,
        downloads=int(info.downloads or 0),
        likes=info.likes,
        size_bytes=info.main_size,
        row_count=table.rows,
        column_count=table.columns,
        row_range=table.row_range,
        license=stated_license(info.card_data, tagged["license"]),
        license_link=_license_link(info.card_data, url),
        gated=bool(info.gated),
        decided_by_owner=info.gated == "manual",
        private=bool(info.private),
        updated_at=metadata.utc(info.last_modified),
        tags=metadata.tags(_display_tags(labels)),
        formats=metadata.tags(formats),
        task=next(iter(tagged["task_categories"]), None),
        languages=stated_languages(labels),
        modalities=metadata.modalities_of(labels, formats),
        revision=info.sha,
    )


def _search_tags(filters: SearchFilters) -> list[str]:
    """Tags that the hub can narrow a search to; the catalog filters the rest."""
    wanted = (filters.format or "").lower()
    modality = filters.modality or metadata.modality_name(wanted)
    task = "-".join((filters.task or "").lower().replace("_", " ").replace("-", " ").split())
    narrow = {
        "license": _LICENSE_TAGS.get(license_family(filters.license) or ""),
        "format": _FORMAT_TAGS.get(wanted),
        "modality": modality,
        "language": filters.language,
        "task_categories": task if task in _TASKS else None,
    }
    return [f"{prefix}:{value}" for prefix, value in narrow.items() if value]


def _entry(file: Any, origin: Http) -> FileEntry:
    lfs = file.lfs
    if lfs is not None:
        checksum = Checksum("sha256", str(lfs.sha256).lower(), "publisher")
    else:
        checksum = Checksum("git-sha1", str(file.blob_id).lower(), "publisher")
    return FileEntry(path=str(file.path), origin=origin, size=int(file.size), checksum=checksum)


def _values(labels: Sequence[str], prefixes: Iterable[str]) -> dict[str, list[str]]:
    """The values of the labels ``prefix:value``, in their order, for each of the prefixes."""
    values: dict[str, list[str]] = {prefix: [] for prefix in prefixes}
    for label in labels:
        prefix, colon, value = label.partition(":")
        if colon and prefix in values:
            values[prefix].append(value)
    return values


def _display_tags(labels: list[str]) -> list[str]:
    """Plain tags and the values of the telling ones, without the hub's bookkeeping."""
    readable = []
    for label in labels:
        prefix, colon, value = label.partition(":")
        if not colon:
            readable.append(label)
        elif prefix in _DESCRIPTIVE_PREFIXES:
            readable.append(label if prefix == "language" else value)
    return readable


def _license_link(card: Any, url: str) -> str | None:
    """Where a card says that its own terms are: an address, or a file of the dataset, such as ``LICENSE``."""
    link = metadata.one_line(str(getattr(card, "license_link", None) or ""), _MAX_LINK_CHARS)
    if re.fullmatch(r"https?://[^\s\"<>]+", link):
        return link
    return f"{url}/blob/main/{link}" if re.fullmatch(r"[\w.-]+(?:/[\w.-]+)*", link) else None
