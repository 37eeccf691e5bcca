"""What docs/git-datasets.md shows, for mypy and pyright in strict mode: see test_typing.py."""

import csv
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import assert_type

from dataferry.versioning import File, dataset, ingest, jpg, png, transform
from dataferry.versioning import zip as archive


@dataset(remote="awsbucket")
class SegmentationDataset:
    image: File[png | jpg]
    segmentation: File[png]
    taken: date | None

    @ingest
    def from_folder() -> tuple[list[Path], list[File[png]], list[None]]:
        images = sorted(Path("raw").glob("*.jpg"))
        masks = [File[png](path.with_suffix(".png")) for path in images]
        return images, masks, [None for _ in images]

    @ingest(replace=True, version=2)
    def rows() -> Iterator[tuple[Path, File[png], date]]:
        with Path("rows.csv").open() as file:
            for name, day in csv.reader(file):
                yield Path(name), File(data=b"\x89PNG"), date.fromisoformat(day)

    @staticmethod
    def segmentation_resized(segmentation: File[png]) -> File[png]:
        target = Path(tempfile.mkdtemp()) / "small.png"
        target.write_bytes(segmentation.read())
        return File(target)

    @staticmethod
    def bytes_of(image: File[png | jpg], segmentation: File[png]) -> int:
        with image.open() as stream:
            return len(stream.read()) + segmentation.size

    @staticmethod
    @transform(batch=64, version="resnet-50")
    def score(segmentation_resized: list[File[png]]) -> list[float | None]:
        return [float(each.size) for each in segmentation_resized]


@dataset
class Other:
    packed: File[archive]
    name: str


assert_type(SegmentationDataset.segmentation_resized(File("a.png")), File[png])
assert_type(SegmentationDataset.score([File[png]("a.png")]), list[float | None])
assert_type(SegmentationDataset.from_folder(), tuple[list[Path], list[File[png]], list[None]])
wider: File[png | jpg] = File[png]("a.png")
