"""Alive and able to work, told to whoever asks."""

import shutil

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from dataferry.core.db import Database


def test_alive_and_ready(client: TestClient) -> None:
    assert client.get("/api/health/live").json() == {"ok": True}
    answer = client.get("/api/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "database": True, "store": True})
    assert answer.headers["cache-control"] == "no-store"


def test_without_its_store_it_is_alive_and_not_ready(app: FastAPI, client: TestClient) -> None:
    shutil.rmtree(app.state.services.settings.store)
    answer = client.get("/api/health/ready")
    assert (answer.status_code, answer.json()) == (503, {"ok": False, "database": True, "store": False})
    assert client.get("/api/health/live").status_code == 200


def test_without_its_database_it_is_alive_and_not_ready(app: FastAPI, client: TestClient) -> None:
    database: Database = app.state.services.database
    folder = app.state.services.settings.data_dir
    folder.rename(folder.with_name("away"))
    answer = client.get("/api/health/ready")
    assert (answer.status_code, answer.json()) == (503, {"ok": False, "database": False, "store": False})
    assert str(folder) not in answer.text
    assert client.get("/api/health/live").status_code == 200
    folder.with_name("away").rename(folder)
    assert client.get("/api/health/ready").status_code == 200
    assert database.sqlite


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_it_is_only_asked(client: TestClient, method: str) -> None:
    assert client.request(method, "/api/health/ready").status_code == 405
