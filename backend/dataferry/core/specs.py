"""Every source and every kind of job, declared once.

Their names, labels and types (``core.types``), the API's enumerations, the ids that a source takes and
the queue of a job follow from here. The code of a source is in ``sources``, or in another package
(``source_packages``); the queues are declared in ``jobs/queue.py``, and the part that runs a kind of job
registers its handler (``Jobs.register``).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

from dataferry.core import source_packages
from dataferry.core.source_packages import plain

_SEGMENT = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?"


class KeyForm(TypedDict, total=False):
    """Where a key is set: on the page, and by an operator. Keywords of a ``DataferryError``."""

    screen: str
    setting: str | None


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """What is true of a source wherever its name is met; its code is in ``sources``.

    ``id_pattern`` is the form of its datasets' ids and ``id_form`` the same in words; a source without
    one has URLs for ids. A ``hub`` has owners, whose names begin its ids, and accounts, whose
    credentials it is shown. ``has_revisions``: a revision that was seen once can be had again. ``given``: its
    datasets are files that people here have given; their owners' names begin its ids, and there is nobody
    else to ask for them.
    """

    name: str
    label: str
    id_pattern: re.Pattern[str] | None = None
    id_form: str = ""
    hub: bool = False
    has_revisions: bool = True
    given: bool = False
    #: A small public dataset that has been there for years: ``dataferry doctor --live`` asks for it.
    example_id: str | None = None
    #: Its descriptions count no more files than this: a dataset of as many has more.
    counts_files_to: int | None = None
    #: Its files come in one archive, which is unpacked here.
    bundles: bool = False
    #: It tells of terms to accept only when files are asked for.
    hides_terms: bool = False
    #: Its search reads nothing but names: a query is asked in parts too.
    searches_names: bool = False
    #: The settings that hold the server's own key at it, in words.
    key_setting: str | None = None

    @property
    def has_owners(self) -> bool:
        """Its ids begin with the name of an owner."""
        return self.hub or self.given

    @property
    def key_screen(self) -> str:
        """Where the page has the form for a person's own key."""
        return f"/settings/sources#{self.name}"

    @property
    def key_form(self) -> KeyForm:
        return {"screen": self.key_screen, "setting": self.key_setting}


#: The sources of this package, in the order in which people are shown them.
OWN_SOURCES: dict[str, SourceSpec] = {
    spec.name: spec
    for spec in (
        SourceSpec(
            "kaggle",
            "Kaggle",
            re.compile(rf"{_SEGMENT}/{_SEGMENT}"),
            "owner/name",
            hub=True,
            bundles=True,
            hides_terms=True,
            example_id="andrewmvd/heart-failure-clinical-data",
            key_setting="KAGGLE_USERNAME and KAGGLE_KEY (or KAGGLE_API_TOKEN)",
        ),
        SourceSpec(
            "huggingface",
            "HuggingFace",
            re.compile(rf"(?:{_SEGMENT}/)?{_SEGMENT}"),
            "owner/name",
            hub=True,
            example_id="stanfordnlp/imdb",
            counts_files_to=100_000,
            searches_names=True,
            key_setting="HF_TOKEN",
        ),
        SourceSpec("builtin", "Built-in", re.compile(r"[a-z][a-z0-9_-]{0,63}"), "a lower-case name"),
        SourceSpec("url", "URL", has_revisions=False),
        SourceSpec("upload", "Own data", re.compile(rf"{_SEGMENT}/{_SEGMENT}"), "owner/name", given=True),
    )
}


#: The label of every source by its name; those of other packages come last, and take no name of our own.
SOURCE_LABELS: dict[str, str] = {spec.name: spec.label for spec in OWN_SOURCES.values()}
for _name, _entry in source_packages.declared().items():
    SOURCE_LABELS.setdefault(_name, _entry.name)
SOURCE_NAMES: tuple[str, ...] = tuple(SOURCE_LABELS)


class _Sources(Mapping[str, SourceSpec]):
    """Specs by name. Looking up one of another package imports it. Errors: ``ConfigError``."""

    def __getitem__(self, name: str) -> SourceSpec:
        if name in OWN_SOURCES:
            return OWN_SOURCES[name]
        if name not in SOURCE_LABELS:
            raise KeyError(name)
        spec: SourceSpec = source_packages.load(name).spec
        return spec

    def __contains__(self, name: object) -> bool:
        return name in SOURCE_LABELS

    def __iter__(self) -> Iterator[str]:
        return iter(SOURCE_NAMES)

    def __len__(self) -> int:
        return len(SOURCE_NAMES)


#: Every source, in the order in which people are shown them.
SOURCES: Mapping[str, SourceSpec] = _Sources()


def source_named(word: str) -> str | None:
    """The name of the source that a word means: its name or the label that people are shown, in any case and
    with or without blanks and hyphens; None where there is none."""
    return _NAME_OF_WORD.get(plain(word))


_NAME_OF_WORD = {plain(word): name for name, label in SOURCE_LABELS.items() for word in (name, label)}


@dataclass(frozen=True, slots=True)
class JobKindSpec:
    """``queue`` is one of those that ``jobs/queue.py`` declares; ``not_paused`` says why a job of this
    kind cannot be paused, where it cannot. One that ``goes_first`` is waited for by what is asked for
    later of the same dataset, even while it is still in the queue. One that is not ``of_dataset`` has no row
    in the library: what its jobs have in place of a dataset's id keeps them from running side by side.

    ``effect`` on the dataset's files: whether they come, go, or stay as they are. Only what brings or removes
    them is the state of a dataset."""

    name: str
    queue: str
    effect: Literal["brings", "removes", "none"] = "none"
    not_paused: str | None = None
    goes_first: bool = False
    of_dataset: bool = True

    @property
    def brings(self) -> bool:
        """It brings files."""
        return self.effect == "brings"


#: Every kind of job. A part registers a handler for each that it runs.
JOB_KINDS: dict[str, JobKindSpec] = {
    spec.name: spec
    for spec in (
        JobKindSpec("download", "download", "brings"),
        JobKindSpec("update", "download", "brings"),
        JobKindSpec(
            "delete", "maintenance", "removes", not_paused="A removal cannot be paused.", goes_first=True
        ),
        JobKindSpec(
            "verify", "maintenance", not_paused="A check cannot be paused: cancel it, and start it anew."
        ),
        JobKindSpec(
            "version",
            "maintenance",
            not_paused="Recording a version cannot be paused: cancel it, and start it anew.",
        ),
        JobKindSpec("index", "maintenance", "brings", of_dataset=False),
        JobKindSpec("tables", "maintenance", of_dataset=False),
        JobKindSpec("statistics", "maintenance", of_dataset=False),
        JobKindSpec("health", "maintenance", of_dataset=False),
        JobKindSpec("analysis", "maintenance", of_dataset=False),
        JobKindSpec("model", "download", of_dataset=False),
        JobKindSpec(
            "erase",
            "maintenance",
            of_dataset=False,
            not_paused="An erasure that has begun goes on to its end.",
        ),
    )
}
