"""The secrets of links that a person writes: sealed where they are stored, told to nobody, and at hand when
the link is asked for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.links import LinkServer, Page
from tests.support.server import Client, Server, until

SECRET = "s3cr3tSignature"
PASSWORD = "s3cr3tPassword"


@pytest.fixture(scope="module")
def links() -> Iterator[LinkServer]:
    with LinkServer() as links:
        links.pages["/data.csv"] = links.pages["/other.csv"] = Page(b"a,b\n1,2\n")
        yield links


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("secrets") / "data"
    with Server(folder, DATAFERRY_MODEL="none", DATAFERRY_LOG_LEVEL="DEBUG") as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client()


def ask(client: Client, words: str) -> tuple[str, dict[str, Any]]:
    """The chat, and the answer."""
    chat = client.post("/api/chats").json()["id"]
    answer = client.post(f"/api/chats/{chat}/messages", {"content": words, "id": "mine"})
    assert answer.status_code == 200, answer.text
    return chat, answer.json()


def told(client: Client, *chats: str) -> str:
    """All that the API tells of chats, jobs and datasets."""
    jobs = client.get("/api/jobs").json()
    paths = ["/api/chats", "/api/jobs", "/api/datasets"]
    paths += [f"/api/chats/{chat}{path}" for chat in chats for path in ("", "/messages")]
    paths += [f"/api/jobs/{job['id']}{path}" for job in jobs for path in ("", "/events")]
    paths += [f"/api/datasets/{job['key']}{path}" for job in jobs for path in ("", "/receipt", "/readme")]
    return "\n".join(client.get(path).text for path in paths)


def stored(server: Server) -> bytes:
    """All that is on the disk."""
    files = [path for path in server.data_dir.rglob("*") if path.is_file()]
    return b"".join(path.read_bytes() for path in files)


def queries(links: LinkServer, path: str) -> list[str]:
    return [asked for _method, asked in links.asked if asked.startswith(path)]


def test_a_link_with_a_secret_is_fetched_and_the_secret_kept_from_all(
    server: Server, ada: Client, links: LinkServer
) -> None:
    """agbcloud/agbcloud-sdk#14, londonaicentre/FLIP#426: signed URLs in plain text, in logs and rows."""
    words = f"download http://{links.host}/data.csv?X-Amz-Signature={SECRET}"
    chat, _answer = ask(ada, words)
    job = until(lambda: next(iter(ada.get("/api/jobs").json()), None), "a job begins")
    assert ada.finished(job["id"])["state"] == "succeeded"
    asked, details = ask(ada, f"what is in http://ada:{PASSWORD}@{links.host}/other.csv?sig={SECRET} ?")
    cards = details["downloadable_datasets"]
    assert len(cards) == 1, details
    other = f"find iris like ftp://ada:{PASSWORD}@old.example.org/x or host.example.org/y?token={PASSWORD}"
    others, _answer = ask(ada, other)
    # Found by the words that were written, and by the link.
    for q, found in ((f"http://{links.host}/data.csv?X-Amz-Signature={SECRET}", chat), (other, others)):
        assert [one["id"] for one in ada.get("/api/chats", params={"q": q}).json()] == [found], q
    again = ada.post(f"/api/chats/{chat}/messages", {"content": words, "id": "mine"})
    assert again.status_code == 200
    ada.http.patch(f"/api/chats/{chat}", json={"title": f"of http://{links.host}/data.csv?k={SECRET}"})
    server.stop()
    for secret in (SECRET, PASSWORD):
        assert secret.encode() not in stored(server)
        assert secret not in server.log
    server.start()
    text = told(ada, chat, asked, others)
    assert f"http://{links.host}/data.csv#" in text
    assert SECRET not in text
    assert PASSWORD not in text
    # What was asked for before the restart still can be: answered again, and by its card's button.
    before = len(queries(links, f"/other.csv?sig={SECRET}"))
    answer = ada.post(f"/api/chats/{asked}/messages/mine/regenerate").json()
    assert [card["ref"] for card in answer["downloadable_datasets"]] == [cards[0]["ref"]]
    assert len(queries(links, f"/other.csv?sig={SECRET}")) > before
    ticket = ada.post(cards[0]["download_endpoint"], {"dataset_id": cards[0]["id"]}).json()
    done = ada.finished(ticket["job_id"])
    assert next(Path(done["file_path"]).iterdir()).read_bytes() == b"a,b\n1,2\n"
