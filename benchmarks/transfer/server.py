"""nginx on loopback, with a folder and ports of its own."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.transfer.content import COMMIT, Large

#: What each limited connection gets, in bytes a second; and the pause before each answer, in seconds.
LIMIT = 20 * 2**20
DELAY_S = 0.02
#: nginx pauses after each chunk, but not after an answer's last one: so much is a gift. A size whose
#: pause is whole milliseconds, which is what nginx counts in.
CHUNK = 512 * 1024
#: What a connection gets from a storage of slow and fast edges, and the share of slow ones among new ones
#: (huggingface/xet-core#821).
SLOW_EDGE, FAST_EDGE = 8_700_000, 68_000_000
SLOW_SHARE = 0.7
_MODULE = "ngx_http_echo_module.so"
_PLACES = [Path("/usr/lib/nginx/modules"), Path("/usr/lib64/nginx/modules"), Path("/usr/share/nginx/modules")]

_CONFIGURATION = """
{module}
daemon off; pid {run}/nginx.pid; worker_processes 2; error_log {run}/error.log warn; {user}
events {{ worker_connections 4096; }}
http {{
  log_format bytes '$request_method $status $body_bytes_sent';
  access_log off; sendfile on; tcp_nopush on; tcp_nodelay on;
  keepalive_timeout 65; keepalive_requests 1000000;
  split_clients "$connection-{port}" $edge_rate {{ {slow_share}% {slow}; * {fast}; }}
  sendfile_max_chunk 1m; types {{ }} default_type application/octet-stream;
  client_body_temp_path {run}/b; proxy_temp_path {run}/p; fastcgi_temp_path {run}/f;
  uwsgi_temp_path {run}/u; scgi_temp_path {run}/s;
  server {{
    listen 127.0.0.1:{port} backlog=1024; listen 127.0.0.1:{other} backlog=1024;
    root {site};
    location /small/ {{ autoindex on; }}
    {delayed}
    location /edges/ {{ alias {site}/; limit_rate $edge_rate; sendfile_max_chunk {chunk}; }}
    location /fast-edges/ {{ alias {site}/; limit_rate {fast}; sendfile_max_chunk {chunk}; }}
    location /google/ {{ alias {site}/; add_header X-Goog-Hash "md5={md5}"; }}
    location ~ ^/api/datasets/ada/(large|small)/revision/ {{
      default_type application/json; rewrite ^/api/datasets/ada/([a-z]+)/.* /hub/$1.json break; }}
    location ~ ^/api/datasets/ada/(large|small)/tree/ {{
      default_type application/json; rewrite ^/api/datasets/ada/([a-z]+)/.* /hub/$1.tree.json break; }}
    location ~ ^/datasets/ada/small/resolve/[^/]+/(.*)$ {{
      alias {site}/small/$1; add_header X-Repo-Commit {commit}; }}
    location ~ ^/datasets/ada/large/resolve/ {{
      add_header X-Repo-Commit {commit} always; add_header X-Linked-Size {size} always;
      add_header X-Linked-Etag '"{sha256}"' always;
      return 302 http://127.0.0.1:{other}/large/large.bin; }}
  }}
}}
"""
_DELAYED = """
    location /late/ {{ echo_sleep {delay}; echo_exec /late-now$uri; }}
    location /late-now/late/ {{ internal; alias {site}/; }}
    location /limited/ {{ echo_sleep {delay}; echo_exec /limited-now$uri; }}
    location /limited-now/limited/ {{
      internal; alias {site}/; limit_rate {limit}; sendfile_max_chunk {chunk};
      access_log {run}/limited.log bytes; }}
"""


def find_module() -> Path | None:
    """nginx's echo module, which gives the pauses."""
    printed = subprocess.run(["nginx", "-V"], capture_output=True, text=True).stderr
    match = re.search(r"--modules-path=(\S+)", printed)
    places = [Path(match[1]), *_PLACES] if match else _PLACES
    return next((place / _MODULE for place in places if (place / _MODULE).is_file()), None)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer from the limited folder, as nginx's log has it. ``sent`` in bytes of body."""

    status: int
    sent: int


class Server:
    """What is offered, by the addresses of its folders."""

    def __init__(self, port: int, log: Path) -> None:
        self.address = f"http://127.0.0.1:{port}"
        #: The same files after a pause, and with a limit for each connection too.
        self.late = f"{self.address}/late"
        self.limited = f"{self.address}/limited"
        #: The same files from edges of which most are slow, and from fast ones alone.
        self.edges = f"{self.address}/edges"
        self.fast_edges = f"{self.address}/fast-edges"
        self._log = log
        self._read = 0

    def answers(self) -> list[Answer]:
        """The limited folder's answers since this was asked last."""
        with self._log.open() as log:
            log.seek(self._read)
            lines = log.read().splitlines()
            self._read = log.tell()
        return [Answer(int(status), int(sent)) for _, status, sent in map(str.split, lines)]


@contextmanager
def serving(site: Path, run: Path, large: Large | None) -> Iterator[Server]:
    """nginx over ``site``, with what it writes in ``run``, until the block is left.

    Errors: ``OSError`` with nginx's own words where it does not start.
    """
    run.mkdir()
    port, other = _free_ports(2)
    configuration = run / "nginx.conf"
    configuration.write_text(_configuration(site, run, large, port, other))
    command = ["nginx", "-p", str(run), "-c", str(configuration), "-e", str(run / "error.log")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _wait(process, port)
        yield Server(port, run / "limited.log")
    finally:
        process.terminate()
        process.communicate(timeout=10)


def _configuration(site: Path, run: Path, large: Large | None, port: int, other: int) -> str:
    module = find_module()
    delayed = _DELAYED.format(delay=DELAY_S, site=site, limit=LIMIT, chunk=CHUNK, run=run) if module else ""
    return _CONFIGURATION.format(
        module=f"load_module {module};" if module else "",
        user="user root;" if os.getuid() == 0 else "",
        run=run,
        site=site,
        port=port,
        other=other,
        delayed=delayed,
        chunk=CHUNK,
        slow=SLOW_EDGE,
        fast=FAST_EDGE,
        slow_share=f"{100 * SLOW_SHARE:.0f}",
        md5=large.md5_base64 if large else "",
        size=large.file.size if large else 0,
        sha256=large.file.sha256 if large else "",
        commit=COMMIT,
    )


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
                continue
            process.kill()
            words = process.communicate()[1].decode(errors="replace")
            raise OSError(f"nginx did not start: {words[-600:]}") from None
