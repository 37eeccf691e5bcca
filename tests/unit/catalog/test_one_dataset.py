"""Describing and resolving one dataset, and the status of the sources."""

import asyncio
import threading

import pytest

from dataferry.core.errors import (
    CredentialRejected,
    DataferryError,
    InvalidInput,
    NotFound,
    SourceProtocolError,
    SourceTimeout,
    SourceUnreachable,
)
from dataferry.core.types import Credential, DatasetRef
from dataferry.sources.builtin import BuiltinSource
from tests.support.shelf_source import NOBODY, Make, ShelfSource, problems, shelf
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio

# -- one dataset ----------------------------------------------------------------------------------


async def test_describe_is_remembered_for_each_credential(make: Make) -> None:
    kaggle = ShelfSource("kaggle", shelf("kaggle", 1))
    catalog = make(kaggle)
    ref = DatasetRef.parse(kaggle.shelf[0].ref)
    for _ in range(2):
        assert (await catalog.describe(ref, None, Credential("kaggle"))).revision == "r1"
    await catalog.describe(ref, "r0", Credential("kaggle"))
    await catalog.describe(ref, None, Credential("kaggle", "user", secret="s"))
    assert len(kaggle.described) == 3


async def test_a_whole_hit_of_a_search_spares_a_describe(make: Make) -> None:
    whole = shelf("kaggle", 1, "whole", revision="7", size_bytes=5)
    partial = shelf("kaggle", 1, "partial", size_bytes=5)
    gated = shelf("kaggle", 1, "gated", revision="7", size_bytes=5, gated=True)
    kaggle = ShelfSource("kaggle", [*whole, *partial, *gated])
    catalog = make(kaggle)
    await catalog.search("whole partial gated", credentials=NOBODY)
    for hit in kaggle.shelf:
        await catalog.describe(DatasetRef.parse(hit.ref), None, Credential("kaggle"))
    assert kaggle.described == [partial[0].ref, gated[0].ref]


async def test_describe_errors_pass(make: Make, nobody: str) -> None:
    kaggle = ShelfSource("kaggle")
    ref = DatasetRef.parse("kaggle:a/b")
    with pytest.raises(NotFound):
        await make(kaggle).describe(ref, None, Credential("kaggle"))
    kaggle.error = RuntimeError("surprise")
    with pytest.raises(SourceProtocolError, match="RuntimeError"):
        await make(kaggle).describe(ref, None, Credential("kaggle"))
    with pytest.raises(SourceProtocolError, match="RuntimeError"):
        make(kaggle).manifest(ref, None, Credential("kaggle"))
    with pytest.raises(InvalidInput, match="not among the sources"):
        await make(BuiltinSource()).describe(ref, None, Credential("kaggle"))


async def test_describe_has_a_deadline(make: Make, nobody: str) -> None:
    gate = threading.Event()
    catalog = make(ShelfSource("kaggle", gate=gate), kaggle=nobody)
    ref = DatasetRef.parse("kaggle:a/b")
    with pytest.raises(SourceUnreachable):
        await catalog.describe(ref, None, Credential("kaggle"))
    slow = make(ShelfSource("kaggle", gate=gate))
    with pytest.raises(DataferryError) as late:
        await slow.describe(ref, None, Credential("kaggle"), timeout=0.1)
    assert late.value.code == "source_timeout"
    gate.set()


async def test_a_slow_link_does_not_shut_out_other_links(make: Make) -> None:
    gate = threading.Event()
    links = ShelfSource("url", gate=gate)
    catalog = make(links, breaker_s=60, describe_timeout_s=0.1)
    ref = DatasetRef.parse("url:https://example.org/a.csv")
    with pytest.raises(SourceTimeout):
        await catalog.readme(ref, None, Credential("url"))
    gate.set()
    assert await catalog.readme(ref, None, Credential("url"))


async def test_a_hub_that_hung_rests(make: Make) -> None:
    gate = threading.Event()
    kaggle = ShelfSource("kaggle", shelf("kaggle", 1), gate=gate)
    catalog = make(kaggle, breaker_s=60, search_timeout_s=0.1)
    await catalog.search("diabetes", credentials=NOBODY)
    gate.set()
    assert problems(await catalog.search("other", credentials=NOBODY)) == {"kaggle": "source_timeout"}
    assert len(kaggle.asked) == 1
    (status,) = await catalog.status(NOBODY)
    assert status.state == "unreachable"


async def test_manifest_and_readme(make: Make) -> None:
    kaggle = ShelfSource("kaggle", shelf("kaggle", 1))
    catalog = make(kaggle)
    ref = DatasetRef.parse(kaggle.shelf[0].ref)
    assert catalog.manifest(ref, "r9", Credential("kaggle")).revision == "r9"
    for _ in range(2):
        assert await catalog.readme(ref, None, Credential("kaggle")) == f"# {ref}"
    assert kaggle.described == [f"readme {ref}"]


# -- status ---------------------------------------------------------------------------------------


async def test_status_says_what_is_connected_and_what_to_do(make: Make) -> None:
    catalog = make(ShelfSource("kaggle"), ShelfSource("huggingface"), BuiltinSource())
    token = Credential("kaggle", "server", "someone", "s3cret")
    kaggle, hub, builtin = await catalog.status({"kaggle": token})
    assert (kaggle.state, kaggle.configured, kaggle.account, kaggle.next_step) == (
        "connected",
        True,
        "someone",
        None,
    )
    assert (hub.state, hub.configured) == ("anonymous", False)
    assert hub.next_step == "Set a token."
    assert (builtin.state, builtin.label, builtin.problem) == ("ready", "Built-in", None)
    assert "s3cret" not in kaggle.model_dump_json()


async def test_status_names_what_cannot_be_reached(make: Make, nobody: str) -> None:
    catalog = make(ShelfSource("kaggle"), ShelfSource("huggingface"), kaggle=nobody)
    kaggle, hub = await catalog.status(NOBODY)
    assert kaggle.state == "unreachable"
    assert kaggle.problem == "Kaggle cannot be reached."
    assert kaggle.next_step
    assert hub.state == "anonymous"


async def test_status_remembers_a_refused_credential_of_that_person_only(make: Make) -> None:
    kaggle = ShelfSource(
        "kaggle", error=CredentialRejected("Kaggle refuses the key.", next_step="Make a new one.")
    )
    catalog = make(kaggle)
    wrong = {"kaggle": Credential("kaggle", "user", secret="wrong")}
    right = {"kaggle": Credential("kaggle", "user", secret="right")}
    await catalog.search("diabetes", credentials=wrong)
    (status,) = await catalog.status(wrong)
    assert (status.state, status.problem, status.next_step) == (
        "connected",
        "Kaggle refuses the key.",
        "Make a new one.",
    )
    (status,) = await catalog.status(right)
    assert status.problem is None


async def test_equal_questions_at_one_time_are_one(make: Make) -> None:
    gate = threading.Event()
    kaggle = ShelfSource("kaggle", shelf("kaggle", 1), gate=gate)
    catalog = make(kaggle)
    ref = DatasetRef.parse("kaggle:of-kaggle/diabetes-000")
    asked = [asyncio.create_task(catalog.describe(ref, None, Credential("kaggle"))) for _ in range(5)]
    asked += [asyncio.create_task(catalog.readme(ref, None, Credential("kaggle"))) for _ in range(5)]

    async def both() -> bool:
        return len(kaggle.described) > 1

    await eventually(both, "a description and a readme are asked for")
    gate.set()
    await asyncio.gather(*asked)
    assert sorted(kaggle.described) == [str(ref), f"readme {ref}"]
