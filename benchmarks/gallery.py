"""``python -m benchmarks.gallery``: pictures of datasets over HTTP, through the real server.

A gallery of 200 photos of 640 × 480: its list and its thumbnails as a browser asks for them, six at a time,
at the first look and then again. Goals: 7 s on two cores, and 250 ms. Then a zip of 120,000 pictures at its
source, of which one is shown: requests and bytes of that picture (goals: 1, and 3 kB), and what listing the
zip took.
"""

import argparse
import io
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.fakes.files import FileServer
from tests.support.dataset_files import encoded, zipped
from tests.support.server import Client, Server

COLD_S, WARM_MS, REQUESTS, BYTES = 7.0, 250.0, 1, 3_000
PHOTOS, CONNECTIONS, ROUNDS = 200, 6, 5
ENTRIES, CLASSES = 120_000, 200
ACCEPT = {"Accept": "image/avif,image/webp,*/*;q=0.8"}
PLUGIN = """
from dataferry.plugins import ClassificationPlugin, RemoteFile


class Many(ClassificationPlugin):
    name = "many"
    display_name = "Many"
    input_shape = (3, 64, 64)
    class_names = ("a", "b")
    train_size, test_size = {count}, 0
    license = "CC0-1.0"
    files = (RemoteFile("many.zip", "{address}", unpack=True),)

    def read(self, split):
        from dataferry.plugins.readers.folders import ImageFolders

        return ImageFolders(self.root / split, self.class_names) if split == "train" else None


PLUGIN = Many()
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gallery", description=__doc__)
    parser.add_argument("--entries", type=int, default=ENTRIES, help="of the zip at its source")
    options = parser.parse_args()
    files = {"photos.zip": _photos(), "many.zip": _many(options.entries)}
    with _served(files, options.entries) as (server, source):
        client = server.client()
        met = [_gallery(client, source), _remote(server, client, source)]
    return 0 if all(met) else 1


def _gallery(client: Client, source: FileServer) -> bool:
    asked = {"dataset_id": source.url("photos.zip")}
    job = client.finished(client.post("/api/datasets/download-dataset", asked).json()["job_id"])
    address = f"/api/datasets/{job['key']}/samples?limit={PHOTOS}"
    client.get(address)  # the list of its images is made
    cold = _look(client, address)
    warm = [_look(client, address) for _ in range(ROUNDS)]
    warm_ms = 1000 * statistics.median(warm)
    print(f"{PHOTOS} thumbnails, first look  {cold:8.2f} s   (goal {COLD_S:g} s)")
    print(f"{PHOTOS} thumbnails, again       {warm_ms:8.0f} ms  (goal {WARM_MS:g} ms)", flush=True)
    return cold <= COLD_S and warm_ms <= WARM_MS


def _look(client: Client, address: str) -> float:
    """Seconds for the list and all of its thumbnails, with a client that costs little itself."""
    host = client.http.base_url.netloc.decode()
    headers = {"Authorization": client.http.headers["Authorization"], **ACCEPT}

    def fetch(samples: list[dict[str, Any]]) -> None:
        with closing(HTTPConnection(host)) as connection:
            for sample in samples:
                connection.request("GET", sample["thumbnail"], headers=headers)
                answer = connection.getresponse()
                answer.read()
                assert answer.status == HTTPStatus.OK, answer.status

    began = time.perf_counter()
    samples = client.get(address).json()["samples"]
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(fetch, (samples[first::CONNECTIONS] for first in range(CONNECTIONS))))
    return time.perf_counter() - began


def _remote(server: Server, client: Client, source: FileServer) -> bool:
    before = _peak_mib(server)
    began, requests, served = time.perf_counter(), len(source.requests), source.served_bytes
    page = client.get("/api/datasets/builtin:many/samples?start=false&limit=1").json()
    print(
        f"a zip of {page['total']:,} listed in {time.perf_counter() - began:.1f} s:"
        f" {len(source.requests) - requests} requests, {(source.served_bytes - served) / 1e6:.1f} MB,"
        f" {_peak_mib(server) - before:.0f} MiB above the idle server"
    )
    # Not the first one, which the list has fetched ahead.
    address = page["samples"][0]["image"].replace("/0/image", f"/{page['total'] // 2}/image")
    requests, served = len(source.requests), source.served_bytes
    began = time.perf_counter()
    client.get(address, headers=ACCEPT).raise_for_status()
    taken_ms = 1000 * (time.perf_counter() - began)
    count, size = len(source.requests) - requests, source.served_bytes - served
    print(f"one picture of it: {count} request, {size:,} bytes, {taken_ms:.0f} ms  (goal {BYTES:,} bytes)")
    return count <= REQUESTS and size <= BYTES


def _peak_mib(server: Server) -> float:
    """The most memory that the server has had; 0 where the system does not tell."""
    status = Path(f"/proc/{server.pid}/status")
    if not status.exists():
        return 0.0
    (line,) = [one for one in status.read_text().splitlines() if one.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


def _photos() -> bytes:
    """Shapes and grain, as long as photos are when compressed."""

    def photo(seed: int) -> bytes:
        random = np.random.default_rng(seed)
        shapes = Image.fromarray(random.integers(0, 256, (12, 16, 3), np.uint8))
        large = np.asarray(shapes.resize((640, 480), Image.Resampling.BICUBIC)).astype(np.int16)
        grain = random.normal(0, 6, large.shape)
        return encoded(Image.fromarray((large + grain).clip(0, 255).astype(np.uint8)), quality=88)

    return zipped({f"train/{number % 10}/{number}.jpg": photo(number) for number in range(PHOTOS)})


def _many(count: int) -> bytes:
    noise = Image.effect_noise((64, 64), 40).convert("RGB")
    picture = encoded(noise, quality=75)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for number in range(count):
            archive.writestr(f"many/train/n{number % CLASSES:08}/n_{number}.JPEG", picture)
    return written.getvalue()


@contextmanager
def _served(files: dict[str, bytes], count: int) -> Iterator[tuple[Server, FileServer]]:
    with tempfile.TemporaryDirectory(prefix="dataferry-gallery-") as folder, FileServer(files) as source:
        own = Path(folder) / "data" / "plugins"
        own.mkdir(parents=True)
        text = PLUGIN.format(count=count, address=source.url("many.zip"))
        (own / "many.py").write_text(text, encoding="utf-8")
        with Server(Path(folder) / "data") as server:
            yield server, source


if __name__ == "__main__":
    sys.exit(main())
