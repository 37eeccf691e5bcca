"""Settings: where they come from, what a wrong one says, and that no secret shows."""

import os
from pathlib import Path

import pytest

from dataferry.core.errors import ConfigError
from dataferry.core.settings import Settings, environment_name, load_settings
from dataferry.core.signing_key import signing_key

SECRETS = ("KAGGLE_KEY", "KAGGLE_API_TOKEN", "HF_TOKEN", "GOOGLE_API_KEY", "SECRET_KEY")


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """None of the tester's own settings, and a folder without a .env."""
    for field in Settings.model_fields:
        monkeypatch.delenv(environment_name(field), raising=False)
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATAFERRY_DATA_DIR", str(tmp_path / "data"))
    return monkeypatch


def test_nothing_needs_to_be_set() -> None:
    settings = load_settings()
    assert settings.embedded
    assert settings.loopback
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert (settings.login_failures, settings.job_timeout_s, settings.retries) == (5, 36_000, 5)
    assert settings.store == settings.data_dir / "downloads"
    assert settings.sqlalchemy_url == f"sqlite:///{settings.data_dir}/dataferry.sqlite"
    assert settings.google_api_key is None


def test_a_dotenv_file_is_read_and_the_environment_wins(environment: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("DATAFERRY_PORT=8123\nDATAFERRY_RETRIES=2\nHF_TOKEN=hf_fromfile\nOTHER=1\n")
    environment.setenv("DATAFERRY_PORT", "8124")
    settings = load_settings()
    assert (settings.port, settings.retries) == (8124, 2)
    assert settings.hf_token is not None
    assert settings.hf_token.get_secret_value() == "hf_fromfile"
    assert load_settings(port=8125).port == 8125


def test_hub_credentials_leave_the_environment(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("HF_TOKEN", "hf_secret")
    environment.setenv("KAGGLE_USERNAME", "ada")
    environment.setenv("KAGGLE_KEY", "kaggle secret")
    settings = load_settings()
    assert settings.kaggle_username == "ada"
    assert not {"HF_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY"} & set(os.environ)


def test_geminis_key_has_two_names(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("GEMINI_API_KEY", "AIza-second")
    settings = load_settings()
    assert settings.google_api_key is not None
    assert settings.google_api_key.get_secret_value() == "AIza-second"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("DATAFERRY_RETRIES", "many", "integer"),
        ("DATAFERRY_RETRIES", "-1", "greater"),
        ("DATAFERRY_PORT", "70000", "less"),
        ("DATAFERRY_LOG_LEVEL", "LOUD", "DEBUG"),
        ("DATAFERRY_JOB_TIMEOUT_S", "0", "greater"),
        ("SECRET_KEY", "short", "32 bytes"),
        ("DATABASE_URL", "mysql://somewhere", "postgresql"),
        ("REDIS_URL", "localhost:6379", "redis://"),
        ("DATAFERRY_BANDWIDTH_BYTES_PER_S", "0", "greater"),
        ("DATAFERRY_BANDWIDTH_BYTES_PER_S", "2MB", "integer"),
        ("DATAFERRY_NIGHT", "late", "22:00-06:00"),
        ("DATAFERRY_NIGHT", "22:00-24:00", "22:00-06:00"),
        ("DATAFERRY_NIGHT", "22:00-22:00", "different"),
        ("DATAFERRY_HOST_CONNECTIONS", "0", "greater"),
        ("DATAFERRY_ALL_CONNECTIONS", "none", "integer"),
        ("DATAFERRY_TRUSTED_PROXIES", "*", "no address"),
        ("DATAFERRY_TRUSTED_PROXIES", "127.0.0.1, proxy.example.org", "proxy.example.org"),
        ("DATAFERRY_TRUSTED_PROXIES", "10.0.0.0/33", "no address"),
        ("DATAFERRY_TRUSTED_PROXIES", "0.0.0.0/0", "everybody"),
        ("DATAFERRY_TRUSTED_PROXIES", "::/0", "everybody"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_setting(
    environment: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    environment.setenv(name, value)
    with pytest.raises(ConfigError) as stopped:
        load_settings()
    assert stopped.value.detail.startswith(f"{name}: ")
    assert reason in stopped.value.detail
    assert "\n" not in stopped.value.detail


@pytest.mark.parametrize("name", SECRETS)
def test_no_secret_shows(environment: pytest.MonkeyPatch, name: str) -> None:
    secret = "hunter2-" * 5
    environment.setenv(name, secret)
    settings = load_settings()
    for shown in (repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump())):
        assert "hunter2" not in shown


def test_postgres_needs_a_key_of_its_own(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATABASE_URL", "postgres://localhost/dataferry")
    with pytest.raises(ConfigError, match="SECRET_KEY"):
        load_settings()
    environment.setenv("SECRET_KEY", "k" * 32)
    settings = load_settings()
    assert not settings.embedded
    assert settings.sqlalchemy_url == "postgresql+psycopg://localhost/dataferry"


def test_the_speed_at_night_needs_its_hours(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATAFERRY_NIGHT_BYTES_PER_S", "1000000")
    with pytest.raises(ConfigError, match="DATAFERRY_NIGHT must be set"):
        load_settings()
    environment.setenv("DATAFERRY_NIGHT", " 22:00 – 6:00")
    settings = load_settings()
    assert (settings.night, settings.night_bytes_per_s) == ("22:00-06:00", 1_000_000)


def test_the_signing_key_is_given_or_made_once(environment: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    assert signing_key(settings) == signing_key(settings)
    assert len(signing_key(settings)) >= 32
    assert (settings.data_dir / "secret.key").stat().st_mode & 0o777 == 0o600
    environment.setenv("SECRET_KEY", "k" * 32)
    assert signing_key(load_settings()) == b"k" * 32


@pytest.mark.parametrize(
    "name",
    [
        *("DOWNLOAD_PATH", "DATABASE_URL", "REDIS_URL", "DATAFERRY_MODEL", "SECRET_KEY"),
        *("DATAFERRY_BANDWIDTH_BYTES_PER_S", "DATAFERRY_NIGHT", "DATAFERRY_NIGHT_BYTES_PER_S"),
    ],
)
def test_empty_is_not_set(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.setenv(name, "")
    assert load_settings() == load_settings()
    assert load_settings().embedded


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("192.0.2.1", False)],
)
def test_what_is_loopback(host: str, loopback: bool) -> None:
    assert load_settings(host=host).loopback is loopback


def test_each_environment_name_leads_to_its_setting() -> None:
    names = [environment_name(field) for field in Settings.model_fields]
    assert len(set(names)) == len(names)
    assert {"KAGGLE_USERNAME", "HF_TOKEN", "GOOGLE_API_KEY", "DATAFERRY_PORT"} <= set(names)


def test_trusted_proxies_are_addresses_and_networks(environment: pytest.MonkeyPatch) -> None:
    assert load_settings().proxy_networks == []
    environment.setenv("DATAFERRY_TRUSTED_PROXIES", " 127.0.0.1,10.1.2.3/8 , fd00::/8,,::1 ")
    assert load_settings().proxy_networks == [
        *("127.0.0.1/32", "10.0.0.0/8", "fd00::/8", "::1/128"),
        # As they look on a socket that listens on [::].
        *("::ffff:127.0.0.1/128", "::ffff:10.0.0.0/104"),
    ]
