"""Fixtures of the API's tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlmodel import SQLModel
from starlette.testclient import TestClient

from dataferry.accounts.security import Passwords
from dataferry.accounts.service import Accounts
from dataferry.app import create_app
from dataferry.core.settings import Settings
from tests.support.hubs import Hubs, make_hubs
from tests.support.server import Client, Server


@pytest.fixture(scope="module")
def hubs() -> Iterator[Hubs]:
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        yield hubs


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    """For several people, the first of whom is the admin."""
    with Server(tmp_path_factory.mktemp("people") / "data", **hubs.settings) as server:
        server.client("admin@example.org")
        yield server


@pytest.fixture(scope="module")
def admin(server: Server) -> Client:
    return server.client("admin@example.org")


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client("ada@example.org")


@pytest.fixture(scope="module")
def bob(server: Server) -> Client:
    return server.client("bob@example.org")


@contextmanager
def application(folder: Path, **given: object) -> Iterator[FastAPI]:
    """The real application on a database of its own, with cheap passwords and no jobs under way."""
    settings = Settings(_env_file=None, data_dir=folder, **given)  # type: ignore[arg-type]
    settings.store.mkdir(parents=True)
    app = create_app(settings)
    made = app.state.services
    made.accounts.close()
    accounts = Accounts(made.database, settings, passwords=Passwords(rounds=1, memory_kib=8))
    app.state.services = replace(made, accounts=accounts)
    SQLModel.metadata.create_all(made.database.engine)
    try:
        yield app
    finally:
        app.state.services.close()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[FastAPI]:
    with application(tmp_path / "data") as app:
        yield app


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    """A browser's view of the application: it keeps cookies."""
    return TestClient(app, base_url="http://localhost:8000")
