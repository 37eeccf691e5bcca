"""SFTP by sshfs, with what that lacks: parts of files, and a look at the server's key."""

from typing import Any

from fsspec.asyn import sync
from sshfs import SSHFileSystem
from sshfs.utils import wrap_exceptions


class SftpFiles(SSHFileSystem):  # type: ignore[misc]
    """``known_hosts``: the file with the keys of servers; by default that of ``ssh``."""

    def __init__(self, host: str, *, known_hosts: str | None = None, **login: Any) -> None:
        super().__init__(host, known_hosts=known_hosts or (), **login)

    def close(self) -> None:
        sync(self.loop, self._stack.aclose)

    @wrap_exceptions  # type: ignore[untyped-decorator]
    async def _cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: Any) -> bytes:
        async with self._pool.get() as channel, channel.open(path, "rb") as file:
            data: bytes = await file.read(-1 if end is None else end - (start or 0), start or 0)
            return data
