"""What a source is shown: the person's own credential, else the server's, else none."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path

import pytest
from sqlmodel import select

from dataferry.accounts.credentials import CredentialResolver, server_credentials
from dataferry.accounts.models import StoredCredential, User
from dataferry.accounts.security import Secrets
from dataferry.core.db import Database
from dataferry.core.settings import Settings
from dataferry.core.types import SOURCE_NAMES, Credential

pytestmark = pytest.mark.anyio


def settings(folder: Path, **given: str) -> Settings:
    unset = dict.fromkeys(("KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_API_TOKEN", "HF_TOKEN"))
    return Settings(_env_file=None, data_dir=folder, **(unset | given))  # type: ignore[arg-type]


Make = Callable[..., CredentialResolver]


@pytest.fixture
async def resolver(database: Database, tmp_path: Path) -> AsyncIterator[Make]:
    """Makes one with these settings. What it writes down beside a request is written at the end."""
    made: list[CredentialResolver] = []

    def make(**given: str) -> CredentialResolver:
        with database.unit_of_work() as session:
            for name in ("ada", "bob"):
                session.add(User(id=name, email=f"{name}@example.org", password_hash=""))
        chosen = settings(tmp_path, **given)
        made.append(CredentialResolver(database, chosen, Secrets(chosen)))
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def test_without_settings_every_source_is_asked_anonymously(resolver: Make) -> None:
    found = await resolver().all("ada")
    assert found == {source: Credential(source) for source in SOURCE_NAMES}


@pytest.mark.parametrize(
    ("given", "username", "secret"),
    [
        ({"KAGGLE_USERNAME": "ada", "KAGGLE_KEY": "k"}, "ada", "k"),
        ({"KAGGLE_API_TOKEN": "KGAT_t"}, None, "KGAT_t"),
        ({"KAGGLE_API_TOKEN": "KGAT_t", "KAGGLE_USERNAME": "ada", "KAGGLE_KEY": "k"}, None, "KGAT_t"),
    ],
)
def test_kaggle_takes_a_token_or_a_pair(
    tmp_path: Path, given: dict[str, str], username: str | None, secret: str
) -> None:
    credential = server_credentials(settings(tmp_path, **given))["kaggle"]
    assert credential == Credential("kaggle", "server", username, secret)
    assert f"secret={secret!r}" not in repr(credential)


@pytest.mark.parametrize("half", ["KAGGLE_USERNAME", "KAGGLE_KEY"])
def test_half_a_pair_is_none(tmp_path: Path, half: str) -> None:
    assert "kaggle" not in server_credentials(settings(tmp_path, **{half: "x"}))


def test_one_sources_token_goes_to_no_other(tmp_path: Path) -> None:
    assert set(server_credentials(settings(tmp_path, HF_TOKEN="hf_t"))) == {"huggingface"}


async def test_a_persons_own_comes_first_and_is_theirs_alone(resolver: Make) -> None:
    credentials = resolver(HF_TOKEN="hf_server")
    await credentials.keep("ada", Credential("huggingface", "user", None, "hf_first"))
    await credentials.keep("ada", Credential("huggingface", "user", None, "hf_ada"))
    own = Credential("huggingface", "user", None, "hf_ada")
    shared = Credential("huggingface", "server", None, "hf_server")
    assert await credentials.find("huggingface", "ada") == own
    assert await credentials.find("huggingface", "bob") == shared
    assert await credentials.find("kaggle", "ada") == Credential("kaggle")
    # A job of several people uses that of the first who has one.
    assert credentials.resolve("huggingface", ["bob", "ada"]) == own
    assert credentials.resolve("huggingface", ["bob"]) == shared
    await credentials.forget("ada", "huggingface")
    await credentials.forget("ada", "huggingface")
    assert await credentials.find("huggingface", "ada") == shared


async def test_a_kept_key_is_sealed(database: Database, resolver: Make) -> None:
    credentials = resolver()
    await credentials.keep("ada", Credential("kaggle", "user", "ada", "a-key-to-hide"))
    stored = await database.run(lambda session: session.get_one(StoredCredential, ("ada", "kaggle")))
    assert "a-key-to-hide" not in stored.model_dump_json()
    assert await credentials.find("kaggle", "ada") == Credential("kaggle", "user", "ada", "a-key-to-hide")


async def test_the_use_of_a_key_is_written_down_now_and_then(database: Database, resolver: Make) -> None:
    credentials = resolver()
    await credentials.keep("ada", Credential("kaggle", "user", "ada", "k"))

    def used() -> list[datetime | None]:
        with database.snapshot() as session:
            return [one.last_used_at for one in session.exec(select(StoredCredential))]

    await credentials.all("ada", to_use=False)
    assert used() == [None]
    credentials.resolve("kaggle", ["bob", "ada"])
    [first] = used()
    assert first is not None
    credentials.resolve("kaggle", ["ada"])
    assert used() == [first]
    # Another key was not used yet.
    await credentials.keep("ada", Credential("kaggle", "user", "ada", "other"))
    assert used() == [None]
    credentials.resolve("kaggle", ["ada"])
    assert used() != [None]
