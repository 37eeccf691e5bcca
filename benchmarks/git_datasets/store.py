"""``python -m benchmarks.git_datasets.store SECONDS``: a store that speaks enough of S3 for its real client,
keeps everything in memory and waits before each answer. It prints its address, and ends with its input."""

import asyncio
import os
import socket
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from xml.sax.saxutils import escape

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_STORED: dict[str, bytes] = {}
_LISTING = (
    '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>data</Name>'
    "<IsTruncated>false</IsTruncated><KeyCount>{count}</KeyCount>{keys}</ListBucketResult>"
)
_KEY = (
    '<Contents><Key>{key}</Key><Size>{size}</Size><ETag>"0"</ETag>'
    "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
)


def main() -> None:
    delay_s = float(sys.argv[1])

    async def answer(request: Request) -> Response:
        await asyncio.sleep(delay_s)
        return await _answer(request)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        methods = ["GET", "PUT", "HEAD"]
        app = Starlette(routes=[Route("/data{key:path}", answer, methods=methods)], lifespan=_ends_with_input)
        print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="error"))
        asyncio.run(server.serve(sockets=[listening]))


@asynccontextmanager
async def _ends_with_input(app: Starlette) -> AsyncIterator[None]:
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    yield


async def _answer(request: Request) -> Response:
    key = request.path_params["key"].strip("/")
    if request.method == "PUT":
        body = await request.body()
        _STORED[key] = (
            _unchunked(body) if "aws-chunked" in request.headers.get("content-encoding", "") else body
        )
        return Response(headers={"ETag": '"0"'})
    if not key:
        return Response(b"" if request.method == "HEAD" else _listing(request.query_params.get("prefix", "")))
    if key not in _STORED:
        return Response(status_code=404)
    data, status = _STORED[key], 200
    wanted = request.headers.get("range", "")
    if wanted.startswith("bytes="):
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        data, status = data[int(first) : int(last) + 1], 206
    length = {"Content-Length": str(len(data))} if request.method == "HEAD" else {}
    return Response(b"" if length else data, status, headers={"ETag": '"0"', **length})


def _listing(prefix: str) -> bytes:
    keys = [key for key in _STORED if key.startswith(prefix)]
    entries = "".join(_KEY.format(key=escape(key), size=len(_STORED[key])) for key in keys)
    return _LISTING.format(count=len(keys), keys=entries).encode()


def _unchunked(body: bytes) -> bytes:
    """Of a body that comes in signed chunks."""
    parts = []
    while True:
        size, _, body = body.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        if length == 0:
            return b"".join(parts)
        parts.append(body[:length])
        body = body[length + 2 :]


if __name__ == "__main__":
    main()
