"""The language model's form: an admin names one and its key, it is tried, and it answers at once."""

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.gemini import GeminiFake
from tests.support import preloaded
from tests.support.server import Client, Server

KEY = "AIzaSyA-0123456789_abcdefghijklmnopqrstu"
OTHER = "AIzaSyB-9876543210_abcdefghijklmnopqrstu"


@pytest.fixture(scope="module")
def gemini() -> Iterator[GeminiFake]:
    with GeminiFake() as fake:
        fake.keys = {KEY, OTHER}
        yield fake


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, gemini: GeminiFake) -> Iterator[Server]:
    # With a slash at its end, as people write it (open-webui/open-webui#16749).
    with Server(
        tmp_path_factory.mktemp("model") / "data", GOOGLE_GEMINI_BASE_URL=f"{gemini.url}/", GOOGLE_API_KEY=""
    ) as server:
        yield server


@pytest.fixture(scope="module")
def admin(server: Server) -> Client:
    return server.client()


@pytest.fixture(scope="module")
def guest(server: Server, admin: Client) -> Client:
    return server.client("bob@example.org")


@pytest.fixture(autouse=True)
def _clean(gemini: GeminiFake, admin: Client) -> Iterator[None]:
    yield
    gemini.reset()
    assert admin.http.delete("/api/model").is_success


def save(client: Client, **body: Any) -> Any:
    return client.http.put("/api/model", json=body)


def answered_by(client: Client) -> tuple[str | None, str | None]:
    chat = client.post("/api/chats").json()["id"]
    answer = client.post(f"/api/chats/{chat}/messages", {"content": "hello"}).json()
    return answer["model"], answer["notice"]


def test_a_model_answers_once_its_key_is_saved_and_no_longer_once_it_is_removed(
    server: Server, gemini: GeminiFake, admin: Client, guest: Client
) -> None:
    """Without a restart; the key is told to nobody and sealed on the disk."""
    assert admin.get("/api/model").json()["origin"] == "none"
    assert answered_by(guest)[1] == "No model: keyword search answers. An admin can set one."
    saved = save(admin, key=f"  GOOGLE_API_KEY={KEY}\n")
    assert saved.status_code == 200, saved.text
    assert saved.json()["model"] == "google_genai:gemini-flash-latest"
    assert saved.json()["tested_at"] is not None
    assert gemini.requests[-1].key == KEY
    assert answered_by(guest) == ("google_genai:gemini-flash-latest", None)
    assert admin.get("/api/app").json()["model"] == "google_genai:gemini-flash-latest"

    told = saved.text + admin.get("/api/model").text + guest.get("/api/model").text + server.log
    assert KEY not in told
    assert KEY[-8:] not in told
    assert KEY.encode() not in (server.data_dir / "dataferry.sqlite").read_bytes()
    assert guest.get("/api/model").json() | {"model": None} == {
        "model": None,
        "origin": "page",
        "can_change": False,
        "has_key": False,
        "default_model": "gemini-flash-latest",
        "tested_at": None,
        "updated_at": None,
        "setting": None,
    }

    assert admin.http.delete("/api/model").json()["origin"] == "none"
    assert answered_by(admin)[1] == "No model: keyword search answers."


def test_another_model_keeps_the_key_and_another_key_counts_at_once(
    gemini: GeminiFake, admin: Client
) -> None:
    save(admin, key=KEY)
    assert save(admin, model="models/gemini-2.5-pro").json()["model"] == "google_genai:gemini-2.5-pro"
    assert answered_by(admin)[0] == "google_genai:gemini-2.5-pro"
    assert gemini.requests[-1].key == KEY
    save(admin, key=OTHER, model="gemini-2.5-pro")
    answered_by(admin)
    assert gemini.requests[-1].key == OTHER


@pytest.mark.parametrize(
    ("fault", "body", "status", "code", "said"),
    [
        (None, {"key": "AIzaSy-not-one-of-ours"}, 422, "model_key_rejected", "refuses the key"),
        ("no_right", {"key": OTHER}, 422, "model_key_rejected", "may not use this API (403)"),
        ("bad_region", {"key": OTHER}, 502, "model", "where this server is"),
        ("unknown_model", {"key": OTHER, "model": "gemini-0"}, 422, "unknown_model", "no model gemini-0"),
        ("rate_limit", {"key": OTHER}, 429, "model_rate_limited", "limit is used up"),
        ("server_error", {"key": OTHER}, 502, "model_unreachable", "fault of its own"),
        (None, {"key": "sk-proj-abcdefgh"}, 422, "invalid_input", "for OpenAI, not for Gemini"),
        (None, {"key": "••••••••"}, 422, "invalid_input", "not the key"),
        (None, {"key": OTHER, "model": "../gemini"}, 422, "invalid_input", "not the name"),
    ],
)
def test_what_does_not_work_is_said_and_nothing_of_it_is_kept(
    gemini: GeminiFake,
    admin: Client,
    fault: str | None,
    body: dict[str, str],
    status: int,
    code: str,
    said: str,
) -> None:
    save(admin, key=KEY)
    if fault is not None:
        gemini.fault(fault)
    answer = save(admin, **body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert said in answer.json()["detail"]
    assert body["key"] not in answer.text
    gemini.heal()
    assert answered_by(admin)[0] == "google_genai:gemini-flash-latest"
    assert gemini.requests[-1].key == KEY


@pytest.mark.parametrize("fault", ["rate_limit", "server_error"])
def test_what_cannot_be_tried_now_may_be_kept_untested(gemini: GeminiFake, admin: Client, fault: str) -> None:
    gemini.fault(fault)
    kept = save(admin, key=KEY, untested=True).json()
    assert (kept["origin"], kept["tested_at"]) == ("page", None)
    assert admin.post("/api/model/test").json()["code"].startswith("model")
    gemini.heal()
    assert admin.post("/api/model/test").json()["tested_at"] is not None
    assert save(admin, key="AIzaSy-not-one-of-ours", untested=True).status_code == 422


def test_the_models_that_a_key_may_use_are_listed(admin: Client) -> None:
    listed = admin.post("/api/model/list", {"key": KEY}).json()
    assert listed == {"models": ["gemini-flash-latest", "gemini-2.5-pro", "gemini-2.5-flash"]}
    assert admin.post("/api/model/list", {"key": "AIzaSy-wrong"}).json()["code"] == "model_key_rejected"
    assert admin.post("/api/model/list", {}).json()["detail"] == "There is no key yet."


def test_others_than_admins_only_look(guest: Client) -> None:
    for answer in (
        save(guest, key=KEY),
        guest.http.delete("/api/model"),
        guest.post("/api/model/test"),
        guest.post("/api/model/list", {"key": KEY}),
    ):
        assert answer.status_code == 403
        assert answer.json()["next_step"] == "Ask an admin of this server."


def test_a_key_that_stops_working_leads_an_admin_to_its_form(
    gemini: GeminiFake, admin: Client, guest: Client
) -> None:
    save(admin, key=KEY)
    gemini.keys = {OTHER}
    try:
        chat = admin.post("/api/chats").json()["id"]
        parts = admin.post(f"/api/chats/{chat}/messages", {"content": "hello"}).json()["parts"]
        [notice] = [part["data"] for part in parts if part["type"] == "data-notice"]
        assert notice["text"] == "The model refuses the key. Keyword search answers instead."
        assert notice["screen"] == "/settings/model"
        assert (answered_by(guest)[1] or "").endswith("Ask an admin to look at the model's settings.")
    finally:
        gemini.keys = {KEY, OTHER}


def test_the_command_line_sets_it_too(server: Server, gemini: GeminiFake) -> None:
    def run(*words: str, key: str = "") -> subprocess.CompletedProcess[str]:
        environment = server.environment | {"DATAFERRY_NEW_MODEL_KEY": key}
        return preloaded.run(words, env=environment, cwd=server.data_dir.parent)

    assert (
        run("model", "set", "gemini-2.5-pro", key=KEY).stdout.strip() == "google_genai:gemini-2.5-pro, tested"
    )
    assert "chosen under Settings" in run("doctor").stdout
    refused = run("model", "set", key="AIzaSy-not-one-of-ours")
    assert refused.stderr.startswith("dataferry: The model refuses the key. Paste the key again")
    assert run("model", "rm").stdout.strip() == "No model: keyword search answers."


def test_the_servers_configuration_comes_first(tmp_path: Path, gemini: GeminiFake) -> None:
    settings = {"GOOGLE_GEMINI_BASE_URL": gemini.url}
    with Server(tmp_path / "data", **settings) as before:
        save(before.client(), key=KEY)
    with Server(tmp_path / "data", GOOGLE_API_KEY=f"'{OTHER}'", **settings) as server:
        admin = server.client()
        view = admin.get("/api/model").json()
        assert (view["origin"], view["can_change"], view["setting"]) == ("server", False, "GOOGLE_API_KEY")
        answered_by(admin)
        assert gemini.requests[-1].key == OTHER
        refused = save(admin, key=KEY)
        assert (refused.status_code, refused.json()["setting"]) == (409, "GOOGLE_API_KEY")
    # Kept all the while; with another SECRET_KEY it cannot be read, and that is said in place of a crash.
    with Server(tmp_path / "data", SECRET_KEY="k" * 32, **settings) as server:
        admin = server.client()
        assert "cannot be used" in (answered_by(admin)[1] or "")
        assert "SECRET_KEY" in save(admin, model="gemini-2.5-pro").json()["detail"]
        assert save(admin, key=KEY).status_code == 200
    with closing(sqlite3.connect(tmp_path / "data" / "dataferry.sqlite")) as database:
        rows = database.execute("select name from language_model").fetchall()
    assert rows == [("google_genai:gemini-flash-latest",)]
