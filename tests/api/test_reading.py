"""What only reads answers while somebody else writes."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from starlette.testclient import TestClient

from dataferry.core.settings import Settings
from dataferry.library import rights
from dataferry.library.models import Dataset
from tests.api.conftest import application
from tests.support.server import PASSWORD

NOBODY = "http://127.0.0.1:9"


def filled(path: str, names: dict[str, str]) -> str:
    return re.sub(r"{(\w+)}", lambda name: names.get(name[1], "none"), path)


def test_every_route_that_reads_answers_during_a_write(tmp_path: Path) -> None:
    """A read that took SQLite's write lock waited for as long as the longest write, 30 s at most, and then
    failed. Every GET of the API is asked, the next one too."""
    hubs = {"kaggle_endpoint": NOBODY, "hf_endpoint": NOBODY}
    with application(tmp_path / "data", **hubs) as app:
        client = TestClient(app, base_url="http://localhost:8000")
        given = {"email": "ada@example.org", "password": PASSWORD}
        assert client.post("/api/auth/register", json=given).status_code < 300
        form = {"username": given["email"], "password": PASSWORD}
        token = client.post("/api/auth/token", data=form).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        me = client.get("/api/auth/me").json()["id"]
        chat = client.post("/api/chats", json={}).json()["id"]
        with app.state.services.database.unit_of_work() as session:
            dataset = Dataset(id="ds_1", source="builtin", source_id="iris", name="iris", updated_at_ms=0)
            dataset.revision, dataset.downloaded, dataset.status = "1", True, "downloaded"
            dataset.local_path = str(tmp_path)
            session.add(dataset)
            session.flush()
            rights.record_access(session, "ds_1", me)
        settings: Settings = app.state.services.settings
        file = settings.sqlalchemy_url.removeprefix("sqlite:///")
        described = app.openapi()["paths"].items()
        paths = [path for path, methods in described if "get" in methods and path != "/api/ws"]
        queries = {
            "/api/datasets/compare": "?ref=builtin:iris&ref=builtin:wine",
            "/api/datasets/{key}/annotations/export": "?format=coco",
            "/api/datasets/{key}/annotations/agreement": "?a=ada@example.org&b=bob@example.org",
            "/api/uploads/{category}/{upload_id}/annotations/export": "?format=coco",
            "/api/datasets/{key}/tables/{table}/media": "?row=0&column=0",
            "/api/datasets/{key}/tables/{table}/pictures": "?name=a.png",
            "/api/datasets/{key}/versions/diff": "?from=1&to=2",
            "/api/datasets/{key}/versions/pictures": f"?sha256={'0' * 64}",
        }
        names = {"key": "builtin:iris", "chat_id": chat, "split": "train", "index": "0"}
        names |= {"kind": "blank", "category": "traffic"}
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            answers = {
                path: client.get(
                    re.sub(r"{(\w+)}", lambda name: names.get(name[1], "none"), path) + queries.get(path, "")
                ).status_code
                for path in paths
            }
            other.execute("ROLLBACK")
    assert len(answers) > 15
    # A dataset without versions has none to take away, and without a report nothing was found in it.
    for path in ("/versions/bundle", "/health/{kind}", "/health/{kind}/export"):
        assert answers.pop("/api/datasets/{key}" + path) == 409
    assert {path: status for path, status in answers.items() if status not in (200, 202, 204, 404)} == {}
    assert answers["/api/datasets"] == answers["/api/jobs"] == answers["/api/chats/{chat_id}"] == 200
