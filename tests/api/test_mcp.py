"""``/mcp``: the tools for assistants, as the official SDK's client uses them."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.fakes.catalogue import IMDB
from tests.support.assistants import ERAS, HELLO, Person, over_http, text_of
from tests.support.hubs import Hubs
from tests.support.server import Client, Server, until

pytestmark = pytest.mark.anyio

LIMIT = 100_000
SLOW = f"huggingface:{Hubs.slow}"
TOOLS = {
    *("search_datasets", "search_models", "dataset_details", "preview_dataset", "compare_datasets"),
    *("query_table", "dataset_health", "dataset_versions"),
    *("download_status", "follow_download", "list_library"),
}
ACTS = {"start_download", "cancel_download"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    data_dir = tmp_path_factory.mktemp("mcp") / "data"
    settings = {"DATAFERRY_AGENT_DOWNLOAD_LIMIT_BYTES": str(LIMIT)}
    settings |= {"DATAFERRY_BANDWIDTH_BYTES_PER_S": str(4 * LIMIT)}
    with Server(data_dir, **settings, **hubs.settings) as server:
        server.client()  # the first account is the admin
        yield server


def person_of(server: Server, name: str) -> Client:
    return server.client(f"{name}@example.org")


def token_of(person: Client, scope: str = "download") -> str:
    made = person.post("/api/auth/tokens", json={"name": "assistant", "scope": scope}).json()
    return str(made["token"])


def say(server: Server, token: str, message: Any, **headers: str) -> httpx.Response:
    accept = {"Accept": "application/json, text/event-stream", "Authorization": f"Bearer {token}"}
    return httpx.post(f"{server.address}/mcp", json=message, headers={**accept, **headers}, timeout=30)


@pytest.mark.parametrize("era", ERAS)
async def test_a_dataset_is_found_looked_at_and_brought_here(server: Server, era: str) -> None:
    person = person_of(server, f"finder-{era}")
    async with over_http(server.address, token_of(person), era=era) as client:
        listed = (await client.list_tools()).tools
        assert {tool.name for tool in listed} == TOOLS | ACTS
        found = await client.call_tool("search_datasets", {"query": "imdb reviews"})
        assert not found.is_error
        assert any(
            card["ref"] == f"huggingface:{IMDB}" for card in found.structured_content["downloadable_datasets"]
        )
        rows = await client.call_tool("preview_dataset", {"ref": f"huggingface:{IMDB}"})
        assert rows.structured_content["preview"]["rows"]
        started = await client.call_tool("start_download", {"ref": "builtin:iris"})
        assert not started.is_error, text_of(started)
        done = await client.call_tool("follow_download", {"ref": "builtin:iris"})
        [job] = done.structured_content["jobs"]
        assert job["state"] == "succeeded"
        library = await client.call_tool("list_library")
        assert "builtin:iris" in text_of(library)


async def test_faults_and_versions_of_what_is_here_are_told(server: Server) -> None:
    person = person_of(server, "keeper")
    ref = "builtin:wine"
    async with over_http(server.address, token_of(person)) as client:
        absent = await client.call_tool("dataset_health", {"ref": ref})
        assert absent.is_error, "looking brings nothing here"
        assert not (await client.call_tool("start_download", {"ref": ref})).is_error
        await client.call_tool("follow_download", {"ref": ref})
        report = (await client.call_tool("dataset_health", {"ref": ref})).structured_content["report"]
        assert report["state"] == "ready"
        assert report["checked"]
        none = await client.call_tool("dataset_versions", {"ref": ref})
        assert "has 0 versions" in text_of(none)
        job = person.post(f"/api/datasets/{ref}/versions", json={"message": "As it came"}).json()
        assert person.finished(job["id"])["state"] == "succeeded"
        listed = await client.call_tool("dataset_versions", {"ref": ref})
        assert listed.structured_content["versions"][0]["message"] == "«As it came»"
        assert "keeper@example.org" not in str(listed), "whose it is, is nothing for a model"
        both = await client.call_tool("dataset_versions", {"ref": ref, "older": "1", "newer": "1"})
        assert "from version 1 to version 1" in text_of(both)
        alone = await client.call_tool("dataset_versions", {"ref": ref, "older": "1"})
        assert "Name both, or none." in text_of(alone)


async def test_progress_is_told_while_a_download_is_followed(server: Server) -> None:
    person = person_of(server, "follower")
    told: list[tuple[float, float | None]] = []

    async def progress(done: float, total: float | None, _words: str | None) -> None:
        told.append((done, total))

    sits = Person()
    async with over_http(server.address, token_of(person), person=sits) as client:
        assert not (await client.call_tool("start_download", {"ref": SLOW})).is_error
        assert "slow-river" in sits.asked[0]
        await client.call_tool("follow_download", {"ref": SLOW, "seconds": 3}, progress_callback=progress)
        stopped = await client.call_tool("cancel_download", {"ref": SLOW})
    assert len(sits.asked) == 1, "what an assistant has started it may cancel"
    assert [job["state"] for job in stopped.structured_content["jobs"]] == ["cancelled"]
    assert len(told) >= 2
    assert [done for done, _ in told] == sorted({done for done, _ in told}), "each is above the one before"


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("sits", [Person(agrees=False), None], ids=["declines", "cannot be asked"])
async def test_nothing_large_is_started_without_a_yes(server: Server, era: str, sits: Person | None) -> None:
    person = person_of(server, "careful")
    async with over_http(server.address, token_of(person), era=era, person=sits) as client:
        answer = await client.call_tool("start_download", {"ref": SLOW})
        assert answer.is_error
        assert answer.structured_content is None
        if sits is None:
            assert f"dataferry download {SLOW}" in text_of(answer)
        else:
            assert "did not agree" in text_of(answer)
    assert person.get("/api/jobs").json() == []


async def test_what_the_person_started_is_cancelled_with_their_yes_only(server: Server) -> None:
    person = person_of(server, "starter")
    body = {"source": "huggingface", "dataset_id": Hubs.slow}
    job = person.post("/api/datasets/download-dataset", json=body).json()["job_id"]
    sits = Person(agrees=False)
    async with over_http(server.address, token_of(person), person=sits) as client:
        assert (await client.call_tool("cancel_download", {"ref": SLOW})).is_error
        assert person.job(job)["state"] != "cancelled"
        sits.agrees = True
        assert not (await client.call_tool("cancel_download", {"ref": SLOW})).is_error
    assert person.finished(job)["state"] == "cancelled"


async def test_an_address_that_is_no_hubs_is_asked_about_and_then_its_size(server: Server) -> None:
    person = person_of(server, "curious")
    sits = Person(agrees=False)
    url = "url:http://127.0.0.1:9/what-was-said.csv"
    async with over_http(server.address, token_of(person), person=sits) as client:
        assert (await client.call_tool("dataset_details", {"ref": url})).is_error
        assert "127.0.0.1:9" in sits.asked[0]
        sits.agrees = True
        answer = await client.call_tool("dataset_details", {"ref": url})
    assert "did not agree" not in text_of(answer)


async def test_a_token_opens_what_its_scope_does(server: Server) -> None:
    person = person_of(server, "reader")
    async with over_http(server.address, token_of(person, "read")) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == TOOLS
        refused = await client.call_tool("start_download", {"ref": "builtin:iris"})
        assert refused.is_error
        assert "scope download" in text_of(refused)
    assert say(server, "dft_wrong", HELLO).status_code == 401


async def test_what_one_person_has_is_no_others(server: Server) -> None:
    owner, stranger = person_of(server, "owner"), person_of(server, "stranger")
    sits = Person()
    async with over_http(server.address, token_of(owner), person=sits) as client:
        await client.call_tool("start_download", {"ref": SLOW})
        async with over_http(server.address, token_of(stranger), person=sits) as other:
            for tool in ("follow_download", "cancel_download"):
                answer = await other.call_tool(tool, {"ref": SLOW})
                assert "No download" in text_of(answer) or "no download" in text_of(answer)
            status = await other.call_tool("download_status")
            assert not (status.structured_content or {}).get("jobs")
        await client.call_tool("cancel_download", {"ref": SLOW})


async def test_strangers_words_are_marked_in_text_and_structure(server: Server) -> None:
    person = person_of(server, "wary")
    async with over_http(server.address, token_of(person)) as client:
        answer = await client.call_tool("dataset_details", {"ref": f"kaggle:{Hubs.untrusted}"})
    assert "‹untrusted›" in text_of(answer)
    told = answer.structured_content
    assert told["readme"].startswith("Its own readme")
    assert told["card"]["title"].startswith("«")


async def test_no_schema_has_what_clients_reject(server: Server) -> None:
    """google-gemini/gemini-cli#13326, cursor/cursor#3778, google-gemini/gemini-cli#14970."""
    async with over_http(server.address, token_of(person_of(server, "strict"))) as client:
        for tool in (await client.list_tools()).tools:
            assert tool.output_schema is None
            assert not {"$schema", "$defs"} & set(tool.input_schema)
            for argument in tool.input_schema["properties"].values():
                assert isinstance(argument["type"], str)
                assert not {"$ref", "anyOf", "oneOf", "allOf", "const"} & set(argument)


def test_a_session_is_its_persons_and_old_ones_end(server: Server) -> None:
    mine = token_of(person_of(server, "hoarder"))
    sessions = [say(server, mine, HELLO).headers["mcp-session-id"] for _ in range(22)]
    ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
    another = token_of(person_of(server, "borrower"))
    assert say(server, another, ping, **{"mcp-session-id": sessions[-1]}).status_code == 404
    assert say(server, mine, ping, **{"mcp-session-id": sessions[-1]}).status_code == 200

    def ended() -> bool:
        return say(server, mine, ping, **{"mcp-session-id": sessions[0]}).status_code == 404

    until(ended, "the oldest session ends")


def test_another_sites_page_and_another_name_are_refused(server: Server) -> None:
    token = token_of(person_of(server, "browsing"))
    assert say(server, token, HELLO, Origin="https://evil.example").status_code == 403
    assert say(server, token, HELLO, Host="evil.example").status_code in (400, 403, 421)
    # Asked where to sign in, a client must not be shown the page.
    where = httpx.get(f"{server.address}/.well-known/oauth-protected-resource/mcp")
    assert where.status_code == 404
    assert httpx.get(f"{server.address}/mcp", headers={"Authorization": f"Bearer {token}"}).status_code == 405
