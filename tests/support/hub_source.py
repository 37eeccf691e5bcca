"""A hub's source beside its fake: what tests of the sources' contract need of both."""

import hashlib
from dataclasses import dataclass
from typing import Any

import google_crc32c
import requests

from dataferry.core.settings import Settings
from dataferry.core.types import Credential, DatasetRef, FileEntry, Http, SourceName
from dataferry.sources.base import SearchFilters, SearchQuery
from dataferry.sources.huggingface import HuggingFaceSource
from dataferry.sources.kaggle import KaggleSource
from tests.fakes.catalogue import IMDB, PIMA
from tests.fakes.dataset import Account, FakeDataset
from tests.fakes.difficult import HF_GATED, KAGGLE_GATED
from tests.fakes.hub import HubFake
from tests.fakes.kaggle import KaggleFake


@dataclass
class Hub:
    """One source with its fake: what a test of the contract needs of it."""

    name: SourceName
    fake: KaggleFake | HubFake
    source: KaggleSource | HuggingFaceSource
    #: A public dataset, and the gated one.
    public: str
    gated: str

    def ref(self, dataset_id: str) -> DatasetRef:
        return DatasetRef.make(self.name, dataset_id)

    @property
    def anonymous(self) -> Credential:
        return Credential(self.name)

    def as_(self, account: Account, origin: Any = "server") -> Credential:
        token = account.kaggle_token if self.name == "kaggle" else account.hf_token
        return Credential(self.name, origin, secret=token)

    def search(
        self,
        words: str,
        *,
        limit: int = 20,
        offset: int = 0,
        credential: Credential | None = None,
        **filters: Any,
    ) -> list[Any]:
        query = SearchQuery(words, SearchFilters(**filters), limit, offset)
        return self.source.search(query, credential or self.anonymous)

    def dataset(self, dataset_id: str) -> FakeDataset:
        found = self.fake.catalogue.find("kaggle" if self.name == "kaggle" else "huggingface", dataset_id)
        assert found is not None
        return found


def kaggle_hub(fake: KaggleFake, **settings: Any) -> Hub:
    source = KaggleSource(Settings(kaggle_endpoint=fake.url, **settings))
    return Hub("kaggle", fake, source, PIMA, KAGGLE_GATED)


def huggingface_hub(fake: HubFake, **settings: Any) -> Hub:
    source = HuggingFaceSource(Settings(hf_endpoint=fake.url, **settings))
    return Hub("huggingface", fake, source, IMDB, HF_GATED)


def fetch(entry: FileEntry) -> bytes:
    """An entry's bytes, as any client would fetch them."""
    assert isinstance(entry.origin, Http)
    answer = requests.get(entry.origin.url, headers=dict(entry.origin.headers), timeout=10)
    answer.raise_for_status()
    return answer.content


def holds(entry: FileEntry, data: bytes) -> bool:
    """Whether ``data`` is what the entry's size and checksum promise."""
    assert entry.checksum is not None
    digest = {
        "md5": lambda: hashlib.md5(data, usedforsecurity=False),
        "sha256": lambda: hashlib.sha256(data),
        "crc32c": lambda: google_crc32c.Checksum(data),
        "git-sha1": lambda: hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False),
    }[entry.checksum.algorithm]()
    told = digest.digest().hex()
    return entry.size == len(data) and told == entry.checksum.value
