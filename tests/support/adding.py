"""A person's folder, sent as a program would send it that knows nothing but the API's description."""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from tests.support.server import Client


def announced(files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    return [{"path": path, "size": len(data)} for path, data in files.items()]


def piece(path: str, data: bytes, offset: int = 0) -> bytes:
    return json.dumps({"path": path, "offset": offset, "length": len(data)}).encode() + b"\n" + data


def begin(client: Client, name: str, files: Mapping[str, bytes], **said: Any) -> str:
    """The id of an addition whose files are announced."""
    body = {"name": name, "file_count": len(files), "size": sum(map(len, files.values())), **said}
    answer = client.post("/api/additions", body)
    assert answer.status_code == 201, answer.text
    addition = str(answer.json()["id"])
    assert announce(client, addition, files).status_code == 200
    return addition


def announce(client: Client, addition: str, files: Mapping[str, bytes]) -> httpx.Response:
    return client.post(f"/api/additions/{addition}/files", {"files": announced(files), "first": True})


def send(client: Client, addition: str, body: bytes) -> httpx.Response:
    return client.http.post(f"/api/additions/{addition}/data", content=body)


def added(client: Client, name: str, files: Mapping[str, bytes], **said: Any) -> dict[str, Any]:
    """The dataset, once it is in the library."""
    addition = begin(client, name, files, **said)
    answer = send(client, addition, b"".join(piece(path, data) for path, data in files.items()))
    assert answer.status_code == 200, answer.text
    return finished(client, addition)


def finished(client: Client, addition: str) -> dict[str, Any]:
    ticket = client.post(f"/api/additions/{addition}/finish")
    assert ticket.status_code == 202, ticket.text
    job = client.finished(ticket.json()["job_id"])
    assert job["state"] == "succeeded", job
    return dict(client.get(f"/api/datasets/{ticket.json()['library_id']}").json())
