"""An SFTP server: asyncssh's, in a thread, over a folder."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import asyncssh

USER, PASSWORD = "ada", "open-sesame"


class _Login(asyncssh.SSHServer):
    connections: ClassVar[set[asyncssh.SSHServerConnection]] = set()

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        self.connections.discard(self._connection)

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


@dataclass
class Sftp:
    """A running server. ``known_hosts``: a file with its key."""

    port: int
    known_hosts: Path

    def url(self, password: str = PASSWORD) -> str:
        return f"sftp://{USER}:{password}@127.0.0.1:{self.port}/store"


@contextmanager
def sftp_server(folder: Path) -> Iterator[Sftp]:
    """Whose root is ``folder/files``."""
    (folder / "files").mkdir(parents=True)
    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[key],
            server_factory=_Login,
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(folder / "files").encode()),
        )

    async def stop(server: asyncssh.SSHAcceptor) -> None:
        server.close()
        await server.wait_closed()
        for connection in list(_Login.connections):
            connection.abort()
            await connection.wait_closed()

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    known_hosts = folder / "known_hosts"
    port = server.get_port()
    known_hosts.write_text(f"[127.0.0.1]:{port} {key.export_public_key().decode()}")
    try:
        yield Sftp(port, known_hosts)
    finally:
        asyncio.run_coroutine_threadsafe(stop(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
