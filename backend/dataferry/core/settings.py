"""Every setting, from the environment or ``.env``, read once at start.

``python -m dataferry.core.env_example`` prints ``.env.example``; a test keeps the two equal.
"""

import os
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import platformdirs
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from dataferry.core.errors import ConfigError
from dataferry.core.job_settings import JobSettings
from dataferry.core.proxies import proxy_network
from dataferry.core.upload_settings import UploadSettings

#: A token in the environment overrides a person's own inside the vendors' libraries, so these are
#: dropped from it once they are in ``Settings``.
_CREDENTIAL_FIELDS = ("kaggle_username", "kaggle_key", "kaggle_api_token", "hf_token")
_CREDENTIAL_VARIABLES = (*(field.upper() for field in _CREDENTIAL_FIELDS), "HUGGING_FACE_HUB_TOKEN")


class Settings(JobSettings, UploadSettings):
    """What an operator can change. Durations in seconds, sizes in bytes."""

    model_config = SettingsConfigDict(
        env_file=".env", env_prefix="DATAFERRY_", extra="ignore", populate_by_name=True, frozen=True
    )

    # -- sources ------------------------------------------------------------------------------
    kaggle_username: str | None = Field(
        None, alias="KAGGLE_USERNAME", description="Kaggle user name, with KAGGLE_KEY"
    )
    kaggle_key: SecretStr | None = Field(
        None, alias="KAGGLE_KEY", description="Kaggle key (kaggle.com/settings, API)"
    )
    kaggle_api_token: SecretStr | None = Field(
        None, alias="KAGGLE_API_TOKEN", description="Kaggle API token, in place of the two above"
    )
    hf_token: SecretStr | None = Field(
        None, alias="HF_TOKEN", description="HuggingFace token (huggingface.co/settings/tokens)"
    )
    hf_endpoint: str = Field(
        "https://huggingface.co", alias="HF_ENDPOINT", description="HuggingFace Hub or a mirror of it"
    )
    kaggle_endpoint: str = Field("https://api.kaggle.com", description="Kaggle's API")
    allow_private_urls: bool = Field(
        False, description="Let links reach private addresses; for the demo and tests only"
    )
    connect_timeout_s: float = Field(
        2.0, gt=0, description="How long a source may take to accept a connection"
    )
    search_timeout_s: float = Field(8.0, gt=0, description="A source's deadline in a search")
    search_patience_s: float = Field(
        1.0, gt=0, description="How long a slow source holds back, in a chat, what the others found"
    )
    describe_timeout_s: float = Field(5.0, gt=0, description="A source's deadline for one dataset")
    search_cache_s: float = Field(60.0, ge=0, description="How long a search is remembered")
    breaker_s: float = Field(30.0, ge=0, description="How long a source rests after a timeout")

    # -- the agent ----------------------------------------------------------------------------
    google_api_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("GOOGLE_API_KEY", "GEMINI_API_KEY"),
        description="Gemini's key; GEMINI_API_KEY is read too. Without one, keyword search answers",
    )
    google_gemini_base_url: str | None = Field(
        None, alias="GOOGLE_GEMINI_BASE_URL", description="Another address for Gemini's API"
    )
    model: str | None = Field(
        None,
        description="google_genai:gemini-flash-latest, openai:… or another; planner turns models off",
    )
    model_timeout_s: float = Field(60.0, gt=0, description="Deadline for one answer of the model")
    agent_steps: int = Field(8, ge=1, le=50, description="Model calls in one answer, at most")
    history_tokens: int = Field(16_000, ge=500, description="Tokens of a chat that the model is shown")
    agent_download_limit_bytes: int = Field(
        1_000_000_000, ge=0, description="Above this size the agent waits for a click"
    )

    # -- storage ------------------------------------------------------------------------------
    data_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("dataferry")),
        description="The data folder: database, keys, downloads",
    )
    download_path: Path | None = Field(
        None, alias="DOWNLOAD_PATH", description="The store; by default downloads in the data folder"
    )
    plugins_dir: Path | None = Field(
        None,
        description="Your own plugins, whose code runs here; by default plugins in the data folder",
    )
    database_url: str | None = Field(
        None, alias="DATABASE_URL", description="SQLite in the data folder, or postgresql://…"
    )
    database_wait_s: float = Field(
        30.0, gt=0, le=600, description="A request waits so long for a database that others hold"
    )
    database_connections: int = Field(
        14, ge=8, le=500, description="Connections to Postgres that one process has at most"
    )
    redis_url: str | None = Field(
        None, alias="REDIS_URL", description="Needed with Postgres and several processes"
    )
    mirror_pull_bytes: int = Field(
        50_000_000_000,
        ge=0,
        description="The largest dataset that the mirror (/hub) downloads for who asks it for one; 0: none",
    )
    mirror_wait_s: float = Field(
        6.0,
        ge=0,
        description="How long the mirror holds a request for what is being downloaded; clients give up at 10",
    )
    picture_cache_bytes: int = Field(
        1_000_000_000, ge=0, description="Drawn pictures of datasets that are kept on disk; 0 keeps none"
    )
    min_free_bytes: int = Field(500_000_000, ge=0, description="Disk space that downloads leave free")
    quota_bytes: int | None = Field(None, gt=0, description="All datasets together; by default no quota")
    user_quota_bytes: int | None = Field(None, gt=0, description="What one person has, in all")
    cleanup_unused_days: float | None = Field(
        None, gt=0, description="What nobody has used for so long is removed; by default nothing is"
    )
    cleanup_every_s: float = Field(3600.0, gt=0, description="How often these three are looked after")
    query_timeout_s: float = Field(20.0, gt=0, description="How long a person's query of a table may take")
    index_update_h: float = Field(
        168.0, ge=0, description="Hours between updates of the search index, where one was built; 0: never"
    )

    # -- accounts -----------------------------------------------------------------------------
    secret_key: SecretStr | None = Field(
        None,
        alias="SECRET_KEY",
        description="Signs tokens, ≥ 32 bytes; made at first start with SQLite, required with Postgres",
    )
    open_registration: bool = Field(True, description="Anyone who reaches the page may register")
    access_token_s: int = Field(900, ge=30, description="Life of an access token")
    refresh_token_s: int = Field(30 * 86400, ge=60, description="Life of a refresh token")
    login_failures: int = Field(
        5,
        ge=1,
        description="Failed sign-ins to an account from one place before waits, which double",
    )
    registrations: int = Field(
        20, ge=1, description="Registrations from one address before waits, which double"
    )
    password_memory_kib: int = Field(
        65_536,
        ge=19_456,
        le=1_048_576,
        description="Memory that a password's hash takes, and time in proportion; the least is OWASP's",
    )
    session_check_s: float = Field(
        5.0, gt=0, description="How often open sockets look whether the command line has ended their session"
    )

    # -- the command line ---------------------------------------------------------------------
    report_s: float = Field(
        30.0, gt=0, description="How often a command that waits tells of progress where it is no terminal"
    )
    server: str | None = Field(
        None, description="Commands work with the server at this address, in place of this machine's"
    )
    token: SecretStr | None = Field(
        None, description="A token of that server, such as dft_… of `dataferry tokens create`"
    )

    # -- the server ---------------------------------------------------------------------------
    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one")
    allowed_hosts: str = Field(
        "", description="Names that this server is reached by, with commas: data.example.org. * takes any"
    )
    max_connections: int = Field(
        2000, ge=16, description="Connections held at a time; half are for those who are signed in"
    )
    max_connections_per_client: int = Field(
        200, ge=1, description="Of these, for one address, or for one person who is signed in"
    )
    header_timeout_s: float = Field(
        10.0, gt=0, description="How long a connection may take to send a request's headers"
    )
    body_timeout_s: float = Field(
        30.0, gt=0, description="How long a request's body may take to bring 64 KiB, or its end"
    )
    send_timeout_s: float = Field(60.0, gt=0, description="How long a client may read nothing of its answer")
    trusted_proxies: str = Field(
        "",
        description="Proxies whose X-Forwarded-For and -Proto count: addresses and networks, with commas",
    )
    background_idle_s: float = Field(
        3.0, ge=0, description="A server that commands started ends so long after the last of them"
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    log_json: bool = Field(False, description="One JSON object a line on stdout")
    demo: bool = Field(False, description="Set by `make demo`: the page says that it is one")

    @field_validator(
        *("model", "download_path", "plugins_dir", "database_url", "redis_url", "server"),
        *("quota_bytes", "user_quota_bytes", "cleanup_unused_days"),
        mode="before",
    )
    @classmethod
    def _empty_is_unset(cls, value: Any) -> Any:
        return None if value == "" else value

    @field_validator(
        *("kaggle_username", "kaggle_key", "kaggle_api_token", "hf_token", "google_api_key", "token"),
        mode="before",
    )
    @classmethod
    def _without_wrapping(cls, value: Any) -> Any:
        """An env file's quotes and line ends are no part of a key, and an empty one is none: Compose and
        systemd pass on what was not set as an empty text."""
        return value.strip().strip("\"'").strip() or None if isinstance(value, str) else value

    @field_validator("hf_endpoint", "kaggle_endpoint", "google_gemini_base_url")
    @classmethod
    def _without_slash(cls, value: str | None) -> str | None:
        return None if value is None else value.rstrip("/") or None

    @field_validator("server")
    @classmethod
    def _known_address(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "")
        if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query):
            raise ValueError("must be an address such as https://data.example.org")
        return (value or "").rstrip("/") or None

    @field_validator("trusted_proxies")
    @classmethod
    def _known_proxies(cls, value: str) -> str:
        networks = [proxy_network(part.strip()) for part in value.split(",") if part.strip()]
        return ", ".join(map(str, networks))

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value.upper()

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and value.get_secret_value() == "":
            return None
        if value is not None and len(value.get_secret_value().encode()) < 32:
            raise ValueError("must be at least 32 bytes; `openssl rand -hex 32` makes one")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(
            ("sqlite:///", "postgresql://", "postgresql+psycopg://", "postgres://")
        ):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return value

    @field_validator("redis_url")
    @classmethod
    def _known_redis(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        return value

    @model_validator(mode="after")
    def _night_speed_needs_hours(self) -> Self:
        if self.night_bytes_per_s is None or self.night is not None:
            return self
        raise ValueError("DATAFERRY_NIGHT must be set when DATAFERRY_NIGHT_BYTES_PER_S is")

    @model_validator(mode="after")
    def _postgres_needs_a_key(self) -> Self:
        if self.embedded or self.secret_key is not None:
            return self
        raise ValueError("SECRET_KEY must be set when DATABASE_URL is Postgres")

    @property
    def embedded(self) -> bool:
        """One process on SQLite."""
        return self.database_url is None or self.database_url.startswith("sqlite")

    @property
    def sqlalchemy_url(self) -> str:
        if self.database_url is None:
            return f"sqlite:///{self.data_dir / 'dataferry.sqlite'}"
        url = self.database_url.replace("postgres://", "postgresql://", 1)
        return url.replace("postgresql://", "postgresql+psycopg://", 1)

    @property
    def store(self) -> Path:
        """The store: where datasets lie on disk."""
        return (self.download_path or self.data_dir / "downloads").expanduser().absolute()

    @property
    def plugins_folder(self) -> Path:
        """Where a person's own plugins lie."""
        return (self.plugins_dir or self.data_dir / "plugins").expanduser().absolute()

    @property
    def models_folder(self) -> Path:
        """Where models for uploads lie."""
        return (self.analysis_models_dir or self.data_dir / "models").expanduser().absolute()

    @property
    def index_folder(self) -> Path:
        """The search index: beside the store's datasets, where its snapshots are downloaded to."""
        return self.store / ".index"

    @property
    def host_names(self) -> list[str]:
        """``allowed_hosts``, one by one."""
        return [name.strip() for name in self.allowed_hosts.split(",") if name.strip()]

    @property
    def proxy_networks(self) -> list[str]:
        """``trusted_proxies``, one by one; an IPv4 one also as it looks on an IPv6 socket."""
        networks = [name.strip() for name in self.trusted_proxies.split(",") if name.strip()]
        mapped = [
            f"::ffff:{address}/{96 + int(length)}"
            for address, _, length in (network.partition("/") for network in networks)
            if ":" not in address
        ]
        return networks + mapped

    @property
    def loopback(self) -> bool:
        return self.host in ("127.0.0.1", "::1", "localhost")


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment, with hub credentials taken out of it. Errors: as ``read_settings``."""
    settings = read_settings(**overrides)
    for variable in _CREDENTIAL_VARIABLES:
        os.environ.pop(variable, None)
    return settings


def read_settings(**overrides: Any) -> Settings:
    """Settings from the environment, which stays as it is: a program that uses this package as a library may
    have use for its credentials too.

    Errors: ``ConfigError`` with one line that names the first wrong setting.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        reason = first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"{environment_name(name)}: {reason}" if name else reason) from None
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"The file {Path('.env').absolute()} is not UTF-8: byte {error.object[error.start]:#04x} at"
            f" {error.start}.",
            next_step="Save it as UTF-8, then start again.",
        ) from None
    except OSError as error:
        raise ConfigError(f"The file {Path('.env').absolute()} cannot be read: {error.strerror}.") from None


def credential_environment(settings: Settings) -> dict[str, str]:
    """Environment variables with the hubs' credentials, for a child process that is to have them."""
    values = {field: getattr(settings, field) for field in _CREDENTIAL_FIELDS}
    return {
        environment_name(field): value.get_secret_value() if isinstance(value, SecretStr) else value
        for field, value in values.items()
        if value is not None
    }


def environment_name(field: str) -> str:
    """The environment variable of a field, for messages and documents."""
    info = Settings.model_fields.get(field)
    if info is None:
        return field
    if isinstance(info.validation_alias, AliasChoices):
        return str(info.validation_alias.choices[0])
    return info.alias or f"DATAFERRY_{field.upper()}"
