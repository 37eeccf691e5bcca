"""Faults of Kaggle and HuggingFace: real client libraries against the fake hubs."""

import hashlib
import subprocess
import sys
import time
from typing import Any

import pytest

from dataferry.core.errors import (
    SourceError,
    SourceProtocolError,
    SourceRateLimited,
    SourceTimeout,
    SourceUnreachable,
)
from dataferry.core.settings import Settings
from dataferry.core.types import Credential, DatasetRef
from dataferry.sources.base import SearchFilters, SearchQuery
from dataferry.sources.huggingface import HuggingFaceSource
from dataferry.sources.kaggle import KaggleSource
from tests.fakes.catalogue import HEART, IMDB
from tests.fakes.content import binary
from tests.fakes.dataset import single
from tests.fakes.difficult import MANY
from tests.fakes.hub import HubFake
from tests.fakes.kaggle import KaggleFake
from tests.support.hub_source import Hub, huggingface_hub, kaggle_hub

# -- what goes wrong at the hub ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "options", "expected"),
    [
        ("garbage", {"kind": "html"}, SourceProtocolError),
        ("garbage", {"kind": "json"}, SourceProtocolError),
        ("garbage", {"kind": "shape"}, SourceProtocolError),
        ("server_error", {"status": 500}, SourceUnreachable),
        ("server_error", {"status": 503}, SourceUnreachable),
        ("rate_limit", {}, SourceRateLimited),
        ("hang_up", {}, SourceUnreachable),
        ("delay", {"seconds": 30}, SourceTimeout),
    ],
)
def test_a_hubs_fault_is_an_error_that_says_what_to_do(
    request: pytest.FixtureRequest,
    hub: Hub,
    fault: str,
    options: dict[str, Any],
    expected: type[SourceError],
) -> None:
    if fault == "delay":
        hub = request.getfixturevalue("hasty")
    hub.fake.fault(fault, **options)
    asks: list[Any] = [
        lambda: hub.search("diabetes"),
        lambda: hub.source.describe(hub.ref(hub.public), None, hub.anonymous),
    ]
    if fault != "delay":  # a manifest has a deadline of its own, which no test waits for
        asks.append(lambda: hub.source.manifest(hub.ref(hub.public), None, hub.anonymous))
    for ask in asks:
        began = time.monotonic()
        with pytest.raises(expected) as caught:
            ask()
        # No silent retries: huggingface_hub alone would go on for half a minute.
        assert time.monotonic() - began < 5
        assert type(caught.value) is expected
        assert caught.value.next_step


@pytest.fixture
def hasty(hub: Hub) -> Hub:
    """The same hub for somebody in a hurry."""
    settings = {"search_timeout_s": 0.3, "describe_timeout_s": 0.3}
    if isinstance(hub.fake, KaggleFake):
        return kaggle_hub(hub.fake, **settings)
    return huggingface_hub(hub.fake, **settings)


@pytest.mark.parametrize(
    ("style", "seconds", "expected"), [("retry-after", 87, 87.0), ("ratelimit", 55, 55.0), ("none", 1, None)]
)
def test_a_limit_says_when_it_ends(hub: Hub, style: str, seconds: int, expected: float | None) -> None:
    hub.fake.fault("rate_limit", style=style, seconds=seconds)
    with pytest.raises(SourceRateLimited) as caught:
        hub.search("diabetes")
    assert caught.value.retry_after == expected
    if expected is not None:
        assert f"{seconds} s" in (caught.value.next_step or "")


def test_a_limit_in_mid_tree_is_a_limit(huggingface: Hub) -> None:
    huggingface.fake.fault("rate_limit", style="ratelimit", seconds=9, dataset=MANY)
    with pytest.raises(SourceRateLimited):
        huggingface.source.manifest(huggingface.ref(MANY), None, huggingface.anonymous)


def test_a_fault_of_kaggles_storage_is_kaggles(kaggle: Hub) -> None:
    kaggle.fake.fault("server_error", where="bytes", status=503)
    with pytest.raises(SourceUnreachable):
        kaggle.source.manifest(kaggle.ref(HEART), None, kaggle.anonymous)


def test_a_body_that_breaks_off_is_the_networks_fault(kaggle: Hub, huggingface: Hub) -> None:
    for hub in (kaggle, huggingface):
        hub.fake.fault("drop_after")
    with pytest.raises(SourceUnreachable):
        kaggle.source.manifest(kaggle.ref(HEART), None, kaggle.anonymous)
    with pytest.raises(SourceUnreachable):
        huggingface.source.readme(huggingface.ref(IMDB), None, huggingface.anonymous)


def test_a_body_that_stalls_is_a_timeout() -> None:
    hasty = huggingface_hub(HubFake(), describe_timeout_s=0.3)
    with hasty.fake as fake:
        fake.fault("stall", bytes=20)
        with pytest.raises(SourceTimeout):
            hasty.source.readme(hasty.ref(IMDB), None, hasty.anonymous)


def test_a_fault_in_one_call_spoils_no_later_one(hub: Hub) -> None:
    for fault in ("hang_up", "server_error", "garbage"):
        hub.fake.fault(fault)
        with pytest.raises(SourceError):
            hub.search("diabetes")
        hub.fake.heal()
        assert hub.search("diabetes")


@pytest.mark.parametrize("name", ["kaggle", "huggingface"])
def test_a_hub_that_is_not_there_is_unreachable_at_once(name: str) -> None:
    nowhere = "http://127.0.0.1:9"
    settings = Settings(kaggle_endpoint=nowhere, hf_endpoint=nowhere)
    source = KaggleSource(settings) if name == "kaggle" else HuggingFaceSource(settings)
    credential = Credential(source.name)
    began = time.monotonic()
    with pytest.raises(SourceUnreachable):
        source.search(SearchQuery("iris", SearchFilters(), 5), credential)
    with pytest.raises(SourceUnreachable):
        source.manifest(DatasetRef.make(name, "a/b"), None, credential)
    assert time.monotonic() - began < 5


def test_the_hubs_clients_are_not_imported_before_they_are_needed() -> None:
    program = (
        "import sys; from dataferry.core.settings import Settings; import dataferry.sources.catalog as c;"
        "c.build_sources(Settings());"
        "print(*({'kagglesdk', 'kaggle', 'huggingface_hub', 'requests'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


def test_binary_files_have_a_sha256(huggingface: Hub) -> None:
    huggingface.dataset(IMDB).publish(single("tiny.bin", lambda: binary(b"\0\1")))
    files = huggingface.source.manifest(huggingface.ref(IMDB), None, huggingface.anonymous).files
    tiny = next(entry for entry in files if entry.path == "tiny.bin")
    assert tiny.checksum is not None
    assert tiny.checksum.value == hashlib.sha256(b"\0\1").hexdigest()
