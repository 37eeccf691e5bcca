"""``python -m benchmarks.uploads``: what many large uploads at one time cost the server's memory.

Twenty images of 40 MB are sent at once, each on a connection of its own, to the real server. They are
received, sealed, checked and looked at as every upload is. Goal: at no time more than 128 MiB above the idle
server, where the images together have 800 MB.
"""

import argparse
import struct
import sys
import tempfile
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path

import httpx
import numpy as np

from tests.support.server import Client, Server

GOAL_MIB = 128.0
FILES, MEGABYTES = 20, 40
_SAMPLES_S = 0.05


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.uploads", description=__doc__)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--megabytes", type=int, default=MEGABYTES)
    options = parser.parse_args()
    image = _png(options.megabytes * 1_000_000)
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder)) as server:
        client = server.client()
        _send(client, _png(100_000))  # what is loaded at the first one is no cost of these
        idle = _resident_mib(server.pid)
        with ThreadPoolExecutor(options.files) as pool:
            began = time.perf_counter()
            answers = [pool.submit(_send, client, image) for _ in range(options.files)]
            most = idle
            while not all(answer.done() for answer in answers):
                most = max(most, _resident_mib(server.pid))
                time.sleep(_SAMPLES_S)
            seconds = time.perf_counter() - began
        refused = [answer.result() for answer in answers if answer.result() != HTTPStatus.CREATED]
    print(
        f"{options.files} images of {len(image) / 1e6:.0f} MB at once: {seconds:.1f} s,"
        f" {most - idle:.0f} MiB above the idle server (goal {GOAL_MIB:.0f}), {len(refused)} refused"
    )
    return 0 if most - idle <= GOAL_MIB and not refused else 1


def _send(client: Client, image: bytes) -> int:
    with httpx.Client(base_url=client.http.base_url, headers=client.http.headers, timeout=300) as http:
        return http.post("/api/upload/traffic", files={"files": ("image.png", image)}).status_code


def _png(size: int) -> bytes:
    """An image that cannot be compressed, of about ``size`` bytes."""
    edge = int((size / 3) ** 0.5)
    pixels = np.random.default_rng(7).integers(0, 256, (edge, 1 + 3 * edge), dtype=np.uint8)
    pixels[:, 0] = 0  # the filter of each row

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", edge, edge, 8, 2, 0, 0, 0)
    body = zlib.compress(pixels.tobytes(), 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def _resident_mib(pid: int) -> float:
    """The memory that a process has now."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    sys.exit(main())
