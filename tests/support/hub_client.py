"""HuggingFace's own client, pointed at a server's mirror."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, HfFileSystem, set_client_factory
from huggingface_hub.utils import _http

import dataferry.sources.huggingface_client  # noqa: F401 - gives the library a client of ours
from tests.support.server import Client, Server


@contextmanager
def plain_client() -> Iterator[None]:
    """Meanwhile this process has HuggingFace's client as other programs have it, not as our source has."""
    ours = _http._GLOBAL_CLIENT_FACTORY
    set_client_factory(_http.default_client_factory)
    try:
        yield
    finally:
        set_client_factory(ours)


def token_of(person: Client, scope: str = "read") -> str:
    """A new personal token."""
    answer = person.post("/api/auth/tokens", json={"name": "mirror", "scope": scope})
    assert answer.status_code == 201, answer.text
    token: str = answer.json()["token"]
    return token


class HubClient:
    """``api`` and ``files`` as a program uses them, ``run`` as a person at a shell does. Caches are below
    ``folder``."""

    def __init__(self, server: Server, token: str | None, folder: Path) -> None:
        self.endpoint = f"{server.address}/hub"
        self.token = token
        self.cache = folder / "cache"
        self.api = HfApi(endpoint=self.endpoint, token=token or False)

    @property
    def files(self) -> HfFileSystem:
        return HfFileSystem(endpoint=self.endpoint, token=self.token or False, skip_instance_cache=True)

    def snapshot(self, repo: str, **arguments: Any) -> Path:
        return Path(self.api.snapshot_download(repo, repo_type="dataset", cache_dir=self.cache, **arguments))

    def file(self, repo: str, path: str, **arguments: Any) -> Path:
        return Path(
            self.api.hf_hub_download(repo, path, repo_type="dataset", cache_dir=self.cache, **arguments)
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command ``hf``, with nothing but the two lines that the page gives."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.cache.parent),
            "HF_HOME": str(self.cache.parent),
            "HF_HUB_CACHE": str(self.cache),
            "HF_ENDPOINT": self.endpoint,
            "HF_TOKEN": self.token or "",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_COLOR": "1",
        }
        command = [str(Path(sys.executable).with_name("hf")), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
