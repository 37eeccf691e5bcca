"""What a source is shown: the server's own credential where one is set, else none."""

from pathlib import Path

import pytest

from dataferry.accounts.credentials import CredentialResolver
from dataferry.core.settings import Settings
from dataferry.core.types import SOURCE_NAMES, Credential


def resolver(folder: Path, **given: str) -> CredentialResolver:
    unset = dict.fromkeys(("KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_API_TOKEN", "HF_TOKEN"))
    return CredentialResolver(Settings(_env_file=None, data_dir=folder, **(unset | given)))  # type: ignore[arg-type]


def test_without_settings_every_source_is_asked_anonymously(tmp_path: Path) -> None:
    assert resolver(tmp_path).all("user_1") == {source: Credential(source) for source in SOURCE_NAMES}


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
    credential = resolver(tmp_path, **given).resolve("kaggle", ["user_1"])
    assert credential == Credential("kaggle", "server", username, secret)
    assert f"secret={secret!r}" not in repr(credential)


@pytest.mark.parametrize("half", ["KAGGLE_USERNAME", "KAGGLE_KEY"])
def test_half_a_pair_is_none(tmp_path: Path, half: str) -> None:
    assert resolver(tmp_path, **{half: "x"}).resolve("kaggle").origin == "anonymous"


def test_one_sources_token_goes_to_no_other(tmp_path: Path) -> None:
    credentials = resolver(tmp_path, HF_TOKEN="hf_t").all("user_1")
    assert credentials["huggingface"] == Credential("huggingface", "server", None, "hf_t")
    assert all(credentials[source].secret is None for source in SOURCE_NAMES if source != "huggingface")
