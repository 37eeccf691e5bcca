"""A server killed while it measures the images of a dataset: the job is taken up where it was, and its
figures are those of a run that nobody disturbed."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.fakes.files import FileServer
from tests.support.dataset_files import encoded, zipped
from tests.support.server import Client, Server, until

PLUGIN = """
from dataferry.plugins import ClassificationPlugin, RemoteFile


class Dots(ClassificationPlugin):
    name = "dots"
    display_name = "Dots"
    input_shape = (3, 8, 8)
    class_names = ("dot",)
    train_size, test_size = {count}, 0
    license = "CC0-1.0"
    files = (RemoteFile("dots.zip", "{address}", unpack=True),)

    def read(self, split):
        from dataferry.plugins.readers.folders import ImageFolders

        return ImageFolders(self.root / split, self.class_names) if split == "train" else None


PLUGIN = Dots()
"""
COUNT, HALT = 130, 120
#: Images before that one that are surely written down: entries come in pages of 100, rows in batches of 25.
WRITTEN = 100


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    own = tmp_path / "data" / "plugins"
    own.mkdir(parents=True)
    dots = {
        f"train/dot/{number:03}.png": encoded(Image.effect_noise((8 + number % 9, 8), 99), "PNG")
        for number in range(COUNT - 2)
    }
    copies = {f"train/dot/{number}.png": dots["train/dot/001.png"] for number in range(COUNT - 2, COUNT)}
    with FileServer({"dots.zip": zipped(dots | copies)}) as files:
        (own / "dots.py").write_text(PLUGIN.format(count=COUNT, address=files.url("dots.zip")))
        with Server(tmp_path / "data") as server:
            yield server


def figures(ada: Client, kind: str) -> Any:
    found = ada.get(f"/api/datasets/dots/{kind}?start=false").json()
    assert (found["state"], found["current"]) == ("ready", True), found
    return found["groups" if kind == "statistics" else "findings"]


def measured(server: Server) -> int:
    for scan in server.data_dir.glob("downloads/.health/*/images.sqlite"):
        with closing(sqlite3.connect(scan)) as database, suppress(sqlite3.OperationalError):
            return int(database.execute("SELECT count(*) FROM images").fetchone()[0])
    return 0  # it is not made yet


def test_a_job_that_is_killed_goes_on_and_measures_nothing_twice(server: Server) -> None:
    ada = server.client()
    wanted = {"dataset_id": "builtin:dots"}
    ada.post("/api/datasets/download-dataset", wanted, headers={"Prefer": "wait"})
    (folder,) = server.data_dir.glob("downloads/**/train/dot")
    images = sorted(folder.iterdir())
    before = {path: path.read_bytes() for path in images}
    for kind in ("statistics", "health"):
        ada.finished(ada.post(f"/api/datasets/dots/{kind}").json()["id"])
        undisturbed = figures(ada, kind)
        assert undisturbed
        images[HALT].unlink()
        os.mkfifo(images[HALT])  # whoever reads it waits for ever
        job = ada.post(f"/api/datasets/dots/{kind}").json()["id"]
        until(lambda: measured(server) >= WRITTEN, "it is in the middle")
        server.kill()
        assert measured(server) < COUNT
        images[HALT].unlink()
        images[HALT].write_bytes(before[images[HALT]])
        # Were they looked at again, the figures would be others.
        for path in images[:WRITTEN]:
            path.write_bytes(encoded(Image.new("RGB", (900, 900)), "PNG"))
        server.start()
        ada = server.client()
        assert ada.finished(job)["state"] == "succeeded"
        assert measured(server) == COUNT
        assert figures(ada, kind) == undisturbed
        for path, data in before.items():
            path.write_bytes(data)
