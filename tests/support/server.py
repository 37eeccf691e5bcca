"""A real ``dataferry serve`` in a process of its own, as a user would start it."""

import atexit
import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from dataferry.core.job_types import FINAL_STATES
from tests.support import preloaded

T = TypeVar("T")
PASSWORD = "correct horse battery"


class Server:
    """``with Server(data_dir, HF_ENDPOINT=…) as server: server.client()``.

    Nothing of the tester's own environment reaches it but PATH and HOME; intervals are short, so
    that no test waits for a real one, and passwords as cheap as they may be.
    """

    def __init__(self, data_dir: Path, *, port: int = 0, **settings: str) -> None:
        self.data_dir = data_dir
        self._port = port
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(data_dir),
            "PYTHONWARNINGS": "ignore",
            "DATAFERRY_DATA_DIR": str(data_dir),
            "DATAFERRY_POLL_S": "0.1",
            "DATAFERRY_RECONCILE_S": "0.5",
            "DATAFERRY_RETRY_DELAY_S": "0.2",
            "DATAFERRY_BACKGROUND_IDLE_S": "0.2",
            "DATAFERRY_MIN_FREE_BYTES": "0",
            "DATAFERRY_REGISTRATIONS": "1000",
            "DATAFERRY_PASSWORD_MEMORY_KIB": "19456",
            "DATAFERRY_ALLOW_PRIVATE_URLS": "true",
            "HF_ENDPOINT": "http://127.0.0.1:9",
            "DATAFERRY_KAGGLE_ENDPOINT": "http://127.0.0.1:9",
            **settings,
        }
        self._process: subprocess.Popen[str] | preloaded.ForkedProcess | None = None
        self._lines: list[str] = []
        self._clients: list[Client] = []
        self.address = ""

    def start(self) -> Self:
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        if preloaded.FORKING and not self.data_dir.exists() and "DATABASE_URL" not in self.environment:
            shutil.copytree(_first_started(), self.data_dir)
        arguments = ["serve", "--port", str(self._port)]
        self._process = preloaded.start(arguments, env=self.environment, cwd=self.data_dir.parent)
        self._lines = []
        self._reader = threading.Thread(target=self._read, args=(self._process,))
        self._reader.start()
        try:
            self.address = self._wait_for_address()
            # The same port after a restart, so that an open page finds its server again.
            self._port = int(self.address.rpartition(":")[2])
            until(self._ready, f"the server is ready\n{self.log}")
        except BaseException:
            self.kill()
            raise
        return self

    @property
    def log(self) -> str:
        return "".join(self._lines)

    def _read(self, process: "subprocess.Popen[str] | preloaded.ForkedProcess") -> None:
        assert process.stdout is not None
        with process.stdout:
            self._lines.extend(process.stdout)

    def _wait_for_address(self) -> str:
        def found() -> str | None:
            match = re.search(r"Dataferry is at (\S+)", self.log)
            if match:
                return match[1].replace("localhost", "127.0.0.1")
            assert self._process is not None
            assert self._process.poll() is None, f"the server ended:\n{self.log}"
            return None

        return until(found, "the server says its address")

    def _ready(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{self.address}/api/health/ready", timeout=2).is_success
        return False

    def kill(self) -> None:
        """SIGKILL: no farewell of any kind."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def stop(self) -> int:
        """SIGTERM, as a service manager sends it; returns the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(timeout=30)
        self._reader.join()
        return code

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients:
            client.http.close()
        if self._process is not None:
            self.kill()

    def client(self, email: str = "ada@example.org") -> "Client":
        """A registered and signed-in client; it is closed with the server."""
        client = Client(self.address, email)
        self._clients.append(client)
        return client


@cache
def _first_started() -> Path:
    """A data folder as a first start leaves it, but without a key: made once for a process, since half of a
    start's processor time goes into the tables."""
    folder = Path(tempfile.mkdtemp(prefix="dataferry-first-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = folder / "made"
    made.mkdir(mode=0o700)
    server = Server(made).start()
    server.stop()
    databases = folder / "databases"
    databases.mkdir(mode=0o700)
    for file in made.glob("*.sqlite*"):
        shutil.copy(file, databases)
    return databases


class Client:
    """HTTP as a person's script would speak it."""

    def __init__(self, address: str, email: str) -> None:
        self.http = httpx.Client(base_url=address, timeout=30)
        account = {"email": email, "password": PASSWORD}
        answer = self.http.post("/api/auth/register", json=account)
        assert answer.status_code in (200, 201, 409), answer.text
        form = {"username": email, "password": PASSWORD}
        answer = self.http.post("/api/auth/token", data=form)
        assert answer.is_success, answer.text
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def get(self, path: str, **arguments: Any) -> httpx.Response:
        return self.http.get(path, **arguments)

    def post(self, path: str, json: Any = None, **arguments: Any) -> httpx.Response:
        return self.http.post(path, json=json, **arguments)

    def job(self, job_id: str) -> dict[str, Any]:
        answer = self.get(f"/api/jobs/{job_id}")
        assert answer.is_success, answer.text
        job: dict[str, Any] = answer.json()
        return job

    def finished(self, job_id: str, timeout: float = 30) -> dict[str, Any]:
        """The job once it has reached a final state."""

        def final() -> dict[str, Any] | None:
            job = self.job(job_id)
            return job if job["state"] in FINAL_STATES else None

        return until(final, f"job {job_id} ends", timeout)


def until(condition: Callable[[], T | None], what: str, timeout: float = 20) -> T:
    """What ``condition`` returns once it is truthy; fails with ``what`` after ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(0.02)
