"""What a fake hub holds: datasets with their versions, and the people who have accounts there."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Literal

from tests.fakes import made
from tests.fakes.content import Blob
from tests.fakes.made import Files

Hub = Literal["kaggle", "huggingface"]


@dataclass(frozen=True)
class Account:
    """A person at both hubs. ``accepted`` are the terms that were agreed to; ``owns`` what is private."""

    name: str
    kaggle_key: str
    kaggle_token: str
    hf_token: str
    accepted: set[str] = field(default_factory=set)
    owns: set[str] = field(default_factory=set)


@dataclass
class Version:
    """One version of a dataset's files, made when they are first asked for."""

    make: Callable[[], Files]
    created: datetime

    @cached_property
    def files(self) -> Files:
        return self.make()

    @cached_property
    def archive(self) -> Blob:
        return made.archive(self.files)

    def zipped(self, name: str) -> Blob:
        """One of the files in an archive of its own."""
        if name not in self._zipped:
            self._zipped[name] = made.archive({name: self.files[name]})
        return self._zipped[name]

    @cached_property
    def _zipped(self) -> dict[str, Blob]:
        return {}

    @cached_property
    def size(self) -> int:
        return sum(blob.size for blob in self.files.values())


@dataclass
class FakeDataset:
    """A dataset at one hub. ``license`` is written as that hub writes it, ``tags`` without the licence."""

    hub: Hub
    id: str
    title: str
    description: str
    license: str
    make: Callable[[], Files]
    tags: tuple[str, ...] = ()
    downloads: int = 0
    likes: int = 0
    updated: datetime = datetime(2024, 5, 17, 9, 30, tzinfo=UTC)
    readme: str = ""
    gated: bool = False
    private: bool = False
    #: HuggingFace has closed it, and says so beside its description.
    disabled: bool = False
    aliases: tuple[str, ...] = ()
    bytes_per_s: float | None = None
    #: A HuggingFace repository without a card and git's attributes.
    bare: bool = False
    #: What a HuggingFace card's YAML says of configs.
    configs: list[dict[str, Any]] | None = None
    #: What else its YAML says: ``license_name``, ``dataset_info``.
    card: dict[str, Any] = field(default_factory=dict)
    #: Kaggle serves a dataset of one file either as an archive or as the file itself.
    bundled: bool = True
    #: Kaggle's storage put the archive together from parts: it publishes no MD5 of it.
    composite: bool = False
    #: It is an organization's: Kaggle's search writes ``organizations/`` before its id.
    organization: bool = False
    #: Files that Kaggle's storage hands out, asked for alone, as ``<name>.zip``.
    zipped: tuple[str, ...] = ()
    versions: list[Version] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.versions.append(Version(self.make, self.updated))

    @property
    def owner(self) -> str:
        return self.id.partition("/")[0]

    @property
    def number(self) -> int:
        """Its id in the addresses of Kaggle's storage."""
        return int(hashlib.md5(self.id.encode(), usedforsecurity=False).hexdigest()[:6], 16)

    @property
    def latest(self) -> Version:
        return self.versions[-1]

    def publish(self, make: Callable[[], Files]) -> None:
        """A new version, a day after the last."""
        self.versions.append(Version(make, self.latest.created + timedelta(days=1)))

    def sha(self, number: int) -> str:
        """The commit of the version with this number, counted from 1."""
        return hashlib.sha1(f"{self.id}@{number}".encode(), usedforsecurity=False).hexdigest()

    def matches(self, search: str) -> bool:
        text = " ".join((self.id, self.title, self.description, *self.tags)).lower()
        return all(word in text for word in search.lower().split())


class Catalogue:
    """Both hubs' datasets and the people who have accounts there."""

    def __init__(self, datasets: list[FakeDataset], accounts: list[Account]) -> None:
        self._datasets = {(dataset.hub, dataset.id.lower()): dataset for dataset in datasets}
        self._aliases = {
            (dataset.hub, alias): dataset.id for dataset in datasets for alias in dataset.aliases
        }
        self.accounts = accounts

    def at(self, hub: Hub) -> list[FakeDataset]:
        return [dataset for (place, _), dataset in self._datasets.items() if place == hub]

    def find(self, hub: Hub, dataset_id: str) -> FakeDataset | None:
        return self._datasets.get((hub, dataset_id.lower()))

    def follow(self, hub: Hub, alias: str) -> str | None:
        """The true id behind a name without owner."""
        return self._aliases.get((hub, alias))

    def add(self, dataset: FakeDataset) -> FakeDataset:
        self._datasets[dataset.hub, dataset.id.lower()] = dataset
        return dataset


def single(path: str, blob: Callable[[], Blob]) -> Callable[[], Files]:
    """The files of a dataset that has one."""
    return lambda: {path: blob()}
