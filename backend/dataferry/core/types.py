"""The domain's values: parsed once, frozen, and the same in code, API and UI."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal, Self
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from dataferry.core.errors import InvalidInput
from dataferry.core.specs import OWN_SOURCES, SOURCES, source_named
from dataferry.core.specs import SOURCE_LABELS as SOURCE_LABELS
from dataferry.core.specs import SOURCE_NAMES as SOURCE_NAMES

if TYPE_CHECKING:
    SourceName = str
    SourceLabel = str
    HubName = str
else:  # where values come in, Pydantic accepts the declared ones only, and the labels that people see
    _Named = BeforeValidator(lambda word: (source_named(word) or word) if isinstance(word, str) else word)
    SourceName = Annotated[Literal[SOURCE_NAMES], _Named]
    SourceLabel = Literal[tuple(SOURCE_LABELS.values())]
    HubName = Annotated[Literal[tuple(spec.name for spec in OWN_SOURCES.values() if spec.hub)], _Named]

_KEY_SAFE = re.compile(r"[A-Za-z0-9._:-]")
_KEY_ESCAPE = re.compile(r"(?:![0-9A-F]{2})+")


#: The largest number that JSON, JavaScript and a database's 64 bits all hold exactly.
LARGEST_COUNT = 2**53 - 1
Count = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]


class View(BaseModel):
    """Base of what services return: frozen, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class DatasetRef:
    """``source:id``, e.g. ``huggingface:stanfordnlp/imdb``. ``str(parse(x)) == x``.

    For the ``url`` source the id is the URL without query and user info, with a short digest
    behind ``#`` where something was taken out: ``url:https://host/a.zip#1f2e3d4c5b6a``. The whole
    URL is in ``url``, which is never shown, compared or printed.
    """

    source: SourceName
    id: str
    url: str | None = field(default=None, repr=False, compare=False)

    @classmethod
    def make(cls, source: str, dataset_id: str) -> Self:
        """A ref from a source's name or label and the id as a person or a client gives it.

        Errors: ``InvalidInput`` for an unknown source or an id of the wrong form.
        """
        spec = SOURCES.get(source_named(source) or "")
        if spec is None:
            raise InvalidInput(
                f"There is no source named {source[:40]!r}.",
                next_step=f"Use one of: {', '.join(SOURCE_NAMES)}.",
            )
        if spec.id_pattern is None:
            return cls._from_url(dataset_id)
        if (
            not spec.id_pattern.fullmatch(dataset_id)
            or ".." in dataset_id
            or "--" in dataset_id.split("/")[0]
        ):
            raise InvalidInput(
                f"{dataset_id[:80]!r} is not a dataset id of {spec.label}.",
                next_step=f"Give it as {spec.id_form}.",
            )
        return cls(spec.name, dataset_id)

    @classmethod
    def parse(cls, text: str) -> Self:
        """``source:id``. Errors: ``InvalidInput``."""
        source, colon, dataset_id = text.partition(":")
        if not colon:
            raise InvalidInput(
                f"{text[:80]!r} is not a dataset reference.",
                next_step="Give it as source:id, for example huggingface:stanfordnlp/imdb.",
            )
        return cls.make(source, dataset_id)

    @classmethod
    def from_key(cls, key: str) -> Self:
        """The inverse of ``key``. Errors: ``InvalidInput``."""
        try:
            text = _KEY_ESCAPE.sub(
                lambda m: bytes.fromhex(m.group().replace("!", "")).decode(), key.replace("~", "/")
            )
        except UnicodeDecodeError as error:
            raise InvalidInput(f"{key[:80]!r} is not a dataset key.") from error
        return cls.parse(text)

    @classmethod
    def _from_url(cls, url: str) -> Self:
        bad = InvalidInput(
            "That is not a link to a file.", next_step="Give a whole http:// or https:// address."
        )
        try:
            parts = urlsplit(url)
            port = f":{parts.port}" if parts.port else ""
        except ValueError as error:
            raise bad from error
        if parts.scheme not in ("http", "https") or not parts.hostname or len(url) > 4096:
            raise bad
        if any(ord(c) <= 32 or ord(c) == 127 for c in url):
            raise bad
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        shown = urlunsplit((parts.scheme, host + port, parts.path or "/", "", ""))
        hidden = f"{parts.username or ''}:{parts.password or ''}?{parts.query}"
        if hidden != ":?":
            shown += "#" + sha256(hidden.encode()).hexdigest()[:12]
            return cls("url", shown, url=urlunsplit(parts._replace(fragment="")))
        if re.fullmatch(r"[0-9a-f]{12}", parts.fragment):
            # Our own form of a URL whose query is stored elsewhere: the ref parses, the URL is unknown
            # until the library fills it in.
            return cls("url", f"{shown}#{parts.fragment}")
        return cls("url", shown, url=shown)

    def __str__(self) -> str:
        return f"{self.source}:{self.id}"

    @property
    def key(self) -> str:
        """The ref as one URL segment: ``/`` written ``~``, anything unusual as ``!XX``."""

        def quoted(char: str) -> str:
            if char == "/":
                return "~"
            if _KEY_SAFE.fullmatch(char):
                return char
            return "".join(f"!{byte:02X}" for byte in char.encode())

        return "".join(map(quoted, str(self)))

    @property
    def label(self) -> SourceLabel:
        return SOURCE_LABELS[self.source]

    @property
    def owner(self) -> str:
        """The owner's name; empty where the source has none."""
        return self.id.rpartition("/")[0] if SOURCES[self.source].has_owners else ""

    @property
    def name(self) -> str:
        return self.id.rpartition("/")[2]


Grade = Literal["publisher", "transport", "recorded"]
"""Whose word a checksum is: ``publisher`` a content hash that the source publishes, ``transport``
an ETag or CRC, ``recorded`` our own, at first use."""
GRADE_WORDS: dict[Grade, str] = {
    "publisher": "verified against the publisher's checksum",
    "transport": "verified in transport (CRC)",
    "recorded": "recorded at first use",
}

HashName = Literal["sha256", "md5", "git-sha1", "crc32", "crc32c"]


@dataclass(frozen=True, slots=True)
class Checksum:
    """``value`` is lower-case hex. ``git-sha1`` is git's blob id: SHA-1 over ``blob <size>\\0`` + bytes."""

    algorithm: HashName
    value: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class Http:
    """Bytes behind a URL.

    ``headers`` go to the URL's own host only: authorization is dropped on a redirect to another.
    ``refresh`` returns the file's new signed URL once this one has expired (401 or 403).
    ``public_only`` refuses, when the connection is made, every address that is not a public one.
    ``mirrors`` have the same file, and are asked in their order where this URL fails before it has served.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    refresh: "Callable[[], Http] | None" = field(default=None, repr=False, compare=False)
    public_only: bool = False
    mirrors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bytes:
    """Bytes that are on this machine already; ``open`` gives a fresh binary stream each time."""

    open: Callable[[], BinaryIO] = field(repr=False)


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of a manifest. ``path`` is relative, POSIX, below the dataset's folder.

    ``size`` in bytes, None where the source does not tell; it is ``exact`` unless it is only what the server
    said when it was last asked. With ``unpack`` the file is an archive: its members take its place.
    """

    path: str
    origin: Http | Bytes = field(repr=False)
    size: int | None = None
    checksum: Checksum | None = None
    unpack: bool = False
    exact: bool = True

    @property
    def promised_size(self) -> int | None:
        """Bytes that the file must have; None where it may have any number."""
        return self.size if self.exact else None

    @property
    def is_promised(self) -> bool:
        """Whether the source says what the bytes are: else whatever one answer of its server brings is the
        file."""
        return self.promised_size is not None or self.checksum is not None


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of one revision of a dataset. ``revision`` is immutable at the source."""

    ref: DatasetRef
    revision: str
    files: tuple[FileEntry, ...]
    #: Bytes on disk once unpacked, where the source tells it.
    unpacked_bytes: int | None = None
    #: False where the files are known only once they are here.
    listed: bool = True

    @property
    def total_bytes(self) -> int | None:
        """Bytes to fetch; None where one file's size is not known."""
        sizes = [entry.size for entry in self.files]
        return None if None in sizes or not self.listed else sum(size for size in sizes if size is not None)


Phase = Literal[
    "resolving", "fetching", "verifying", "unpacking", "finishing", "indexing", "converting", "measuring"
]


class Progress(View):
    """How far a job is. Bytes; ``rate_bps`` in bytes a second; ``eta_s`` in seconds."""

    phase: Phase = "resolving"
    bytes_done: int = 0
    bytes_total: int | None = None
    rate_bps: float | None = None
    eta_s: float | None = None
    files_done: int = 0
    files_total: int | None = None
    #: Of a hub's catalogue, while the search index is built from it; of a table that is converted.
    rows_done: int | None = None
    #: What happened on the way that a person should know, such as a file that is fetched again.
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """What to show a source. ``secret`` is the token or key; ``username`` only for Kaggle's old keys.
    ``last_used_at``: of a person's own."""

    source: SourceName
    origin: Literal["user", "server", "anonymous"] = "anonymous"
    username: str | None = None
    secret: str | None = field(default=None, repr=False)
    last_used_at: datetime | None = field(default=None, compare=False)

    @property
    def fingerprint(self) -> str:
        """Tells two credentials apart in a cache key without holding either."""
        if self.secret is None:
            return "anonymous"
        return sha256(f"{self.source}:{self.username}:{self.secret}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks. Every service that returns what belongs to people takes one."""

    user_id: str
    admin: bool = False


class DatasetSummary(View):
    """A search hit. ``size_bytes`` and counts are None where the source does not tell."""

    ref: str
    source: SourceName
    id: str
    title: str
    description: str = ""
    url: str = ""
    downloads: int = 0
    likes: int | None = None
    size_bytes: int | None = None
    file_count: int | None = None
    #: There are more files than ``file_count``: the source stopped counting there.
    more_files: bool = False
    #: Of its one table, or of all its splits together; ``row_range`` where the source tells no more.
    row_count: int | None = None
    column_count: int | None = None
    row_range: str | None = None
    license: str | None = None
    #: Where the publisher says more of the licence.
    license_link: str | None = None
    gated: bool = False
    #: A gated dataset's owner decides who gets it.
    decided_by_owner: bool = False
    private: bool = False
    updated_at: datetime | None = None
    tags: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    task: str | None = None
    #: ISO 639 codes of the languages that the data is said to be in.
    languages: tuple[str, ...] = ()
    #: What kinds of content it is said to have: ``text``, ``image``, ``timeseries`` …
    modalities: tuple[str, ...] = ()
    #: The revision it would be downloaded at, where the source tells it in a search.
    revision: str | None = None
    #: Why it stands where it stands in the ranking, in a few words.
    why: str | None = None
    #: The same data elsewhere, as far as it was found: at the other hub, or uploaded again.
    copies: "tuple[DatasetCopy, ...]" = ()


class DatasetCopy(DatasetSummary):
    """A hit that is the same data as another one. ``why_same``: what tells, in a few words."""

    why_same: str


FilterName = Literal[
    "license",
    "commercial",
    "format",
    "task",
    "language",
    "modality",
    "updated_after",
    "gated",
    "min_bytes",
    "max_bytes",
]


class FilteredOut(View):
    """How many of the datasets that a search found a filter leaves out; one may be left out by several."""

    filter: FilterName
    count: int
