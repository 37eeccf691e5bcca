"""Storage that refuses what its own hub led to (facts/wire.md, 1.1): it passes, and blames nobody.

huggingface/huggingface_hub#4430, huggingface/datasets#8328, huggingface/xet-core#897: 403 as XML or as text,
and 400, to fresh addresses of public files. Each time that the hub is asked it may lead to another edge.
"""

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dataferry.core.errors import DataferryError, Forbidden, GatedDataset, SourceUnreachable
from dataferry.core.types import DatasetRef, Http, Manifest, Progress, SourceName
from dataferry.transfer import FetchResult, Limits, fetch
from tests.fakes.catalogue import IMDB
from tests.fakes.files import FileServer
from tests.fakes.hub import HubFake
from tests.fakes.kaggle import KaggleFake
from tests.support.hub_source import Hub, huggingface_hub, kaggle_hub

PIECE = 64 * 1024
LIMITS = Limits(
    connections=4,
    stall_timeout_s=2,
    piece_bytes=PIECE,
    span_bytes=4 * PIECE,
    backoff_s=0.001,
    refusal_backoff_s=0.001,
)
BODY = os.urandom(40 * PIECE + 123)
HEART = "andrewmvd/heart-failure-clinical-data"
BLAME = ("terms", "token", "credential", "sign", "permission", "account")


def run(
    manifest: Manifest, target: Path, reports: list[Progress] | None = None, **limits: Any
) -> FetchResult:
    report = [] if reports is None else reports
    return fetch(manifest, target, report.append, threading.Event(), limits=replace(LIMITS, **limits))


def notes(reports: list[Progress]) -> str:
    return " ".join(progress.note or "" for progress in reports)


@pytest.fixture
def huggingface() -> Iterator[Hub]:
    with HubFake() as fake:
        yield huggingface_hub(fake)


@pytest.fixture
def kaggle() -> Iterator[Hub]:
    with KaggleFake() as fake:
        yield kaggle_hub(fake)


def manifest_of(hub: Hub, dataset_id: str) -> Manifest:
    return hub.source.manifest(hub.ref(dataset_id), None, hub.anonymous)


@pytest.mark.parametrize("kind", ["xml", "text", "range", "bad_request"])
def test_an_edge_that_refuses_is_followed_by_another(huggingface: Hub, tmp_path: Path, kind: str) -> None:
    manifest = manifest_of(huggingface, IMDB)
    huggingface.fake.fault("edge_refuses", kind=kind, times=3)
    reports: list[Progress] = []
    run(manifest, tmp_path / "set", reports, connections=1, refusal_backoff_s=0.05)
    assert "HuggingFace's storage refuses its own address" in notes(reports)
    assert {request.server for request in huggingface.fake.log} == {"hub", "storage", "edge"}


@pytest.mark.parametrize(
    ("source", "dataset", "kind", "label"),
    [
        ("huggingface", IMDB, "xml", "HuggingFace"),
        ("huggingface", IMDB, "text", "HuggingFace"),
        ("kaggle", HEART, "expired_token", "Kaggle"),
        ("kaggle", HEART, "xml", "Kaggle"),
    ],
)
def test_storage_that_only_refuses_is_told_as_such(
    request: pytest.FixtureRequest, tmp_path: Path, source: str, dataset: str, kind: str, label: str
) -> None:
    hub = request.getfixturevalue(source)
    manifest = manifest_of(hub, dataset)
    before = len(hub.fake.log)
    hub.fake.fault("edge_refuses", kind=kind)
    with pytest.raises(SourceUnreachable) as caught:
        run(manifest, tmp_path / "set")
    error = caught.value
    assert error.transient
    assert f"{label}'s storage refuses its own address" in error.detail
    said = f"{error.detail} {error.next_step}".lower()
    assert not any(word in said for word in BLAME), said
    assert len(hub.fake.log) - before <= 50, "no storm"
    assert not (tmp_path / "set").exists()


def test_an_expired_token_of_kaggles_storage_is_renewed(kaggle: Hub, tmp_path: Path) -> None:
    """thiagodma/Pytorch_exs#2: 400 with XML. Nothing is waited for: an address may expire."""
    manifest = manifest_of(kaggle, HEART)
    kaggle.fake.fault("edge_refuses", kind="expired_token", times=1)
    reports: list[Progress] = []
    run(manifest, tmp_path / "set", reports)
    assert "refuses" not in notes(reports)


# -- large files, over several connections ---------------------------------------------------------------


@pytest.fixture
def store() -> Iterator[FileServer]:
    with FileServer({"a.bin": BODY}, host="127.0.0.2") as store:
        yield store


@pytest.fixture
def origin(store: FileServer) -> Iterator[FileServer]:
    with FileServer({"a.bin": BODY}) as origin:
        origin.fault("a.bin", "redirect", to=store.url("a.bin", "sig=1"))
        yield origin


def led_by(origin: FileServer, source: SourceName = "huggingface") -> Manifest:
    entry = replace(
        origin.manifest("a.bin").files[0], origin=Http(origin.url("a.bin"), {"Authorization": "x"})
    )
    ref = DatasetRef.make("url", origin.url("set")) if source == "url" else DatasetRef(source, "o/n")
    return Manifest(ref, "1", (entry,))


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("skip", [0, 5])
def test_a_refusal_by_storage_passes_whenever_it_comes(
    origin: FileServer, store: FileServer, tmp_path: Path, status: int, skip: int
) -> None:
    store.fault("a.bin", "status", status=status, skip=skip, times=3)
    run(led_by(origin), tmp_path / "set")
    assert (tmp_path / "set" / "a.bin").read_bytes() == BODY
    assert origin.asked("a.bin") <= 5


def test_one_connection_asks_anew_and_the_others_wait(
    origin: FileServer, store: FileServer, tmp_path: Path
) -> None:
    """Nine of ten fresh addresses were refused: eight connections would make a storm of it."""
    store.fault("a.bin", "status", status=403, skip=5)
    with pytest.raises(SourceUnreachable, match="storage refuses"):
        run(led_by(origin), tmp_path / "set", connections=8)
    assert origin.asked("a.bin") <= 5 + 2 * 8, "those of the first, and one for each fault that a fetch has"
    store.heal("a.bin")
    run(led_by(origin), tmp_path / "set")
    assert store.served_bytes <= len(BODY) + 8 * 256 * 1024, "what had arrived was kept"


@pytest.mark.parametrize(("source", "error"), [("huggingface", GatedDataset), ("url", Forbidden)])
def test_a_refusal_by_the_origin_itself_stays(
    origin: FileServer, tmp_path: Path, source: SourceName, error: type[DataferryError]
) -> None:
    origin.heal("a.bin")
    origin.fault("a.bin", "status", status=403)
    with pytest.raises(error):
        run(led_by(origin, source), tmp_path / "set")
    assert origin.asked("a.bin") == 1


def test_where_a_link_leads_may_refuse_for_a_while(
    origin: FileServer, store: FileServer, tmp_path: Path
) -> None:
    store.fault("a.bin", "status", status=403, times=2)
    run(led_by(origin, "url"), tmp_path / "set")
    store.fault("a.bin", "status", status=403)
    with pytest.raises(SourceUnreachable, match=r"127\.0\.0\.2, where the link") as caught:
        run(led_by(origin, "url"), tmp_path / "again")
    assert caught.value.transient


def test_an_edge_that_is_down_is_left_for_another(
    origin: FileServer, store: FileServer, tmp_path: Path
) -> None:
    """In mid-download an edge answers 500 only: the hub is asked again, and leads to one that works."""
    with FileServer({"a.bin": BODY}, host="127.0.0.3") as other:
        origin.heal("a.bin")
        origin.fault("a.bin", "redirect", to=store.url("a.bin"), times=1)
        origin.fault("a.bin", "redirect", to=other.url("a.bin"))
        store.fault("a.bin", "status", status=500, skip=3)
        run(led_by(origin), tmp_path / "set")
        assert other.asked("a.bin") > 1
    assert (tmp_path / "set" / "a.bin").read_bytes() == BODY


def test_connections_that_are_served_go_on_while_storage_refuses_fresh_addresses(
    origin: FileServer, store: FileServer, tmp_path: Path
) -> None:
    """What the hub led to first still works for the one connection that reads it; no new address does."""
    store.fault("a.bin", "slow", bytes_per_s=2_000_000, times=1)
    store.fault("a.bin", "status", status=403, times=8)
    run(led_by(origin), tmp_path / "set", connections=2, piece_bytes=2**20)
    assert (tmp_path / "set" / "a.bin").read_bytes() == BODY
    assert origin.asked("a.bin") <= 12
