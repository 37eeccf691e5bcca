"""A model that is chosen in one process answers in the others, on both databases."""

from pathlib import Path
from typing import Any

import pytest

from dataferry.accounts.security import Secrets
from dataferry.chat.model_choice import ModelChoice, ModelChoices
from dataferry.core.db import Database
from dataferry.core.settings import Settings

pytestmark = pytest.mark.anyio


def choices(database: Database, folder: Path, **given: Any) -> ModelChoices:
    settings = Settings(_env_file=None, data_dir=folder, **{"secret_key": "k" * 32, **given})
    return ModelChoices(settings, database, Secrets(settings))


async def test_every_process_reads_it_for_each_answer(database: Database, tmp_path: Path) -> None:
    """open-webui and LibreChat keep such settings in each process's memory, until it is started again."""
    here, there = choices(database, tmp_path), choices(database, tmp_path)
    assert await there.find() is None
    await here.keep("google_genai:gemini-2.5-pro", "first", tested=True)
    found = await there.find()
    assert found is not None
    assert (found.name, found.origin) == ("google_genai:gemini-2.5-pro", "page")
    assert found.key is not None
    assert found.key.get_secret_value() == "first"
    assert "first" not in repr(found)
    assert there.current() == found
    await here.keep("google_genai:gemini-2.5-pro", "second", tested=False)
    assert await there.find() != found
    await there.forget()
    assert await here.find() is None
    await there.forget()


@pytest.mark.parametrize(
    ("given", "name", "origin"),
    [
        ({}, "google_genai:kept", "page"),
        ({"google_api_key": "key"}, "google_genai:gemini-flash-latest", "server"),
        ({"google_api_key": " '' "}, "google_genai:kept", "page"),
        ({"model": "ollama:llama"}, "ollama:llama", "server"),
        # A name without a key leaves the key to the form.
        ({"model": "google_genai:gemini-2.5-pro"}, "google_genai:kept", "page"),
        ({"model": "planner"}, None, None),
    ],
)
async def test_the_configuration_comes_first(
    database: Database, tmp_path: Path, given: dict[str, Any], name: str | None, origin: str | None
) -> None:
    kept = choices(database, tmp_path, **given)
    await kept.keep("google_genai:kept", "key", tested=True)
    found = await kept.find()
    assert (found and found.name, found and found.origin) == (name, origin)


async def test_a_key_sealed_with_another_secret_is_no_key(database: Database, tmp_path: Path) -> None:
    await choices(database, tmp_path).keep("google_genai:kept", "key", tested=True)
    other = choices(database, tmp_path, secret_key="o" * 32)
    assert await other.find() == ModelChoice("google_genai:kept", "page", None)
