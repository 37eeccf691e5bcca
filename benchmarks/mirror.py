"""``python -m benchmarks.mirror``: the mirror beside nginx, asked by the same client.

huggingface_hub's ``snapshot_download`` fetches one large file, and 5,000 small ones, for each of which it
asks twice; nginx has the answers of the Hub's API as files, and finds each file by its path alone. Both serve
the same files, in turn. The goals are 0.9 and 0.5 times nginx's rate. The large file is also read by a client
that throws away what comes. nginx must be installed (Debian: nginx-light).
"""

import argparse
import hashlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from sqlalchemy import create_engine
from sqlmodel import Session

from dataferry.library.models import Dataset, DatasetFile
from tests.support.hub_client import token_of
from tests.support.server import Server, until

LARGE_GOAL, SMALL_GOAL = 0.9, 0.5
COMMIT = "c0ffee" + "0" * 34
LARGE, SMALL = "bench/large", "bench/small"
BUFFER = 1 << 20

CONFIGURATION = """
{user} daemon off; pid nginx.pid; error_log stderr; worker_processes 1;
events {{ worker_connections 1024; }}
http {{
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000;
    default_type application/octet-stream;
    server {{
        listen 127.0.0.1:{port};
        add_header X-Repo-Commit {commit};
        location ~ ^/api/datasets/bench/(small|large)/tree/ {{
            default_type application/json; alias {trees}/$1.json;
        }}
        location /datasets/bench/small/resolve/{commit}/ {{ alias {small}/; }}
        location /datasets/bench/large/resolve/{commit}/ {{ alias {large}/; }}
    }}
}}
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mirror", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1024, help="of the large file")
    parser.add_argument("--files", type=int, default=5000, help="how many small ones")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if shutil.which("nginx") is None:
        print("nginx is not installed: nothing is measured (apt install nginx-light)")
        return 0
    with tempfile.TemporaryDirectory() as name, Server(Path(name) / "data") as server:
        folder = Path(name)
        token = token_of(server.client())
        _fill(
            server.data_dir,
            {LARGE: [options.megabytes << 20], SMALL: [64 + n % 4000 for n in range(options.files)]},
        )
        with _nginx(folder, server, token) as nginx:
            ends = {"nginx": nginx, "mirror": f"{server.address}/hub"}
            path = f"/datasets/{LARGE}/resolve/{COMMIT}/00000.bin"
            large = _compared(ends, options.rounds, lambda end: _snapshot(LARGE, end, token, folder))
            read = _compared(ends, options.rounds, lambda end: _read(end + path, token))
            small = _compared(ends, options.rounds, lambda end: _snapshot(SMALL, end, token, folder))
    megabytes = (options.megabytes << 20) / 1e6
    met = [
        _report(f"one file of {options.megabytes} MiB", "MB/s", megabytes, large, LARGE_GOAL),
        _report("the same, thrown away", "MB/s", megabytes, read),
        _report(f"{options.files} small files", "files/s", options.files, small, SMALL_GOAL),
    ]
    return 0 if all(met) else 1


def _compared(ends: dict[str, str], rounds: int, fetch: Callable[[str], float]) -> dict[str, list[float]]:
    """The seconds that each round took, of each of the two in turn; one before is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in ends}
    for _ in range(rounds + 1):
        for name, end in ends.items():
            taken[name].append(fetch(end))
    return {name: times[1:] for name, times in taken.items()}


def _report(what: str, unit: str, amount: float, taken: dict[str, list[float]], goal: float = 0) -> bool:
    rates = {name: amount / statistics.median(times) for name, times in taken.items()}
    ratio = rates["mirror"] / rates["nginx"]
    words = ", ".join(f"{name} {rate:,.0f} {unit}" for name, rate in rates.items())
    wanted = f" (goal {goal})" if goal else ""
    print(f"{what:24} {words}: {ratio:.2f} ×{wanted}", flush=True)
    return ratio >= goal


def _read(url: str, token: str) -> float:
    """Read a file to its end, and keep nothing. Returns the seconds that it took."""
    began = time.perf_counter()
    parts = urlsplit(url)
    request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n\r\n"
    buffer = bytearray(BUFFER)
    with socket.create_connection((parts.hostname or "", parts.port or 80)) as connection:
        connection.sendall(request.encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(1024)
        assert b" 200 " in head.partition(b"\r\n")[0], head
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        left = length - len(head.partition(b"\r\n\r\n")[2])
        while left:
            received = connection.recv_into(buffer)
            assert received, "the connection was closed"
            left -= received
    return time.perf_counter() - began


def _snapshot(repo: str, end: str, token: str, folder: Path) -> float:
    """The seconds that a whole dataset took, in a process of its own, with a cache of its own."""
    program = (
        "import sys, time; from huggingface_hub import snapshot_download; began = time.perf_counter();"
        f"snapshot_download({repo!r}, repo_type='dataset', revision={COMMIT!r}, cache_dir=sys.argv[1]);"
        "print(time.perf_counter() - began)"
    )
    quiet = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HOME": str(folder)}
    environment = {"PATH": os.environ["PATH"], "HF_ENDPOINT": end, "HF_TOKEN": token, **quiet}
    with tempfile.TemporaryDirectory(dir=folder) as cache:
        command = [sys.executable, "-c", program, cache]
        run = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return float(run.stdout)


def _fill(data_dir: Path, datasets: dict[str, list[int]]) -> None:
    """Datasets of files of these sizes, as if they had been downloaded."""
    engine = create_engine(f"sqlite:///{data_dir / 'dataferry.sqlite'}")
    with Session(engine) as session:
        for number, (repo, sizes) in enumerate(datasets.items()):
            tree = _tree(data_dir, repo)
            tree.mkdir(parents=True)
            row = Dataset(
                id=f"ds_{number}",
                source="huggingface",
                source_id=repo,
                revision=COMMIT,
                name=repo,
                title=repo,
                downloaded=True,
                status="downloaded",
                generation=1,
                newest_generation=1,
                local_path=str(tree),
                size=sum(sizes),
                file_count=len(sizes),
                updated_at_ms=1,
            )
            session.add(row)
            session.flush()
            for place, size in enumerate(sizes):
                session.add(DatasetFile(dataset_id=row.id, **_written(tree / f"{place:05}.bin", place, size)))
        session.commit()
    engine.dispose()


def _tree(data_dir: Path, repo: str) -> Path:
    return data_dir / "downloads" / "huggingface" / repo / COMMIT[:12]


def _written(path: Path, place: int, size: int) -> dict[str, Any]:
    """A file that no other one is like, with a time of its own: nginx makes its ETag of that."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        piece = os.urandom(min(size, BUFFER))
        for start in range(0, size, BUFFER):
            digest.update(piece[: size - start])
            file.write(piece[: size - start])
    os.utime(path, (1_700_000_000 + place,) * 2)
    return {
        "generation": 1,
        "path": path.name,
        "size": size,
        "sha256": digest.hexdigest(),
        "grade": "recorded",
    }


@contextmanager
def _nginx(folder: Path, server: Server, token: str) -> Iterator[str]:
    """One worker that serves the same files; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    asked = {"headers": {"Authorization": f"Bearer {token}"}, "timeout": 60}
    for repo in (LARGE, SMALL):
        url = f"{server.address}/hub/api/datasets/{repo}/tree/main?recursive=true&limit=10000"
        tree = httpx.get(url, **asked).raise_for_status()
        (folder / f"{repo.rpartition('/')[2]}.json").write_bytes(tree.content)
    user = "user root;" if os.geteuid() == 0 else ""  # the files are for their owner alone
    places = {"large": _tree(server.data_dir, LARGE), "small": _tree(server.data_dir, SMALL)}
    configuration = folder / "nginx.conf"
    configuration.write_text(
        CONFIGURATION.format(user=user, port=port, commit=COMMIT, trees=folder, **places)
    )
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(configuration)], stderr=subprocess.PIPE)

    def answers() -> bool:
        try:
            return httpx.get(f"{address}/api/datasets/{SMALL}/tree/{COMMIT}").is_success
        except httpx.HTTPError:
            return False

    try:
        until(answers, "nginx answers")
        yield address
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
