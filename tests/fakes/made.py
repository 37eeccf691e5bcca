"""The catalogue's files, made by code from seeds: the same bytes on every run."""

import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files

from tests.fakes.content import Blob, binary, text

Files = Mapping[str, Blob]


def csv(
    header: Sequence[str], rows: int, row: Callable[[random.Random], Sequence[object]], seed: int
) -> Blob:
    """A table of ``rows`` records."""
    source = random.Random(seed)
    lines = [",".join(header)]
    lines += [",".join(str(cell) for cell in row(source)) for _ in range(rows)]
    return text("\n".join(lines) + "\n")


def jsonl(records: Sequence[Mapping[str, object]]) -> Blob:
    return text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))


@cache
def real_table(name: str) -> Blob:
    """A table that the package itself ships, both splits in one file."""
    folder = files("dataferry.plugins") / "tables" / name
    header, *rows = (folder / "train.csv").read_text().splitlines()
    rows += (folder / "test.csv").read_text().splitlines()[1:]
    return text("\n".join([header, *rows]) + "\n")


def png(width: int, height: int, pixel: Callable[[int, int], tuple[int, int, int]]) -> bytes:
    """An 8-bit RGB image (PNG specification, ISO/IEC 15948)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(
        b"\0" + bytes(value for x in range(width) for value in pixel(x, y)) for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def pictures(folders: Mapping[str, tuple[int, int, int]], each: int, seed: int, side: int = 24) -> Files:
    """``each`` small images in every folder: a disc of the folder's colour on a noisy ground."""
    source = random.Random(seed)
    made: dict[str, Blob] = {}
    for folder, colour in folders.items():
        for number in range(each):
            centre = (source.uniform(0.3, 0.7) * side, source.uniform(0.3, 0.7) * side)
            radius, ground = source.uniform(0.2, 0.4) * side, source.randrange(20, 90)

            def pixel(
                x: int,
                y: int,
                centre: tuple[float, float] = centre,
                radius: float = radius,
                ground: int = ground,
                colour: tuple[int, int, int] = colour,
            ) -> tuple[int, int, int]:
                inside = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 < radius**2
                return colour if inside else (ground, ground, (ground + x * 3) % 256)

            made[f"{folder}/{number:04}.png"] = binary(png(side, side, pixel))
    return made


def pima(rows: int = 768, seed: int = 768) -> Blob:
    """Eight measurements and an outcome, in the columns of the Pima Indians Diabetes Database."""

    def row(source: random.Random) -> Sequence[object]:
        sick = source.random() < 0.35
        glucose = int(source.gauss(141 if sick else 110, 26))
        return (
            source.randrange(0, 14), max(44, glucose), source.randrange(50, 110), source.randrange(0, 60),
            source.randrange(0, 400), round(source.gauss(35 if sick else 30, 6), 1),
            round(source.uniform(0.08, 1.6), 3), source.randrange(21, 75), int(sick),
        )  # fmt: skip

    header = (
        "Pregnancies", "Glucose", "BloodPressure", "SkinThickness", "Insulin", "BMI",
        "DiabetesPedigreeFunction", "Age", "Outcome",
    )  # fmt: skip
    return csv(header, rows, row, seed)


def health_indicators(rows: int, seed: int) -> Blob:
    """Yes-no answers of a telephone survey, and whether the person has diabetes."""
    header = (
        "Diabetes_binary",
        "HighBP",
        "HighChol",
        "BMI",
        "Smoker",
        "Stroke",
        "PhysActivity",
        "Sex",
        "Age",
    )

    def row(source: random.Random) -> Sequence[object]:
        flags = [source.randrange(2) for _ in range(6)]
        return (flags[0], flags[1], flags[2], source.randrange(16, 50), flags[3], flags[4], flags[5],
                source.randrange(2), source.randrange(1, 14))  # fmt: skip

    return csv(header, rows, row, seed)


def heart_failure(seed: int = 299) -> Blob:
    """299 clinical records in the columns of the Heart Failure Prediction dataset."""
    header = (
        "age", "anaemia", "creatinine_phosphokinase", "diabetes", "ejection_fraction", "high_blood_pressure",
        "platelets", "serum_creatinine", "serum_sodium", "sex", "smoking", "time", "DEATH_EVENT",
    )  # fmt: skip

    def row(source: random.Random) -> Sequence[object]:
        return (
            source.randrange(40, 95), source.randrange(2), source.randrange(23, 7861), source.randrange(2),
            source.randrange(14, 80), source.randrange(2), source.randrange(25_100, 850_000),
            round(source.uniform(0.5, 9.4), 2), source.randrange(113, 148), source.randrange(2),
            source.randrange(2), source.randrange(4, 285), int(source.random() < 0.32),
        )  # fmt: skip

    return csv(header, 299, row, seed)


_GOOD = ("a tender film", "the cast is superb", "I laughed and cried", "worth every minute", "a small wonder")
_BAD = ("two hours I want back", "the plot goes nowhere", "flat and loud", "nobody is awake in it", "a mess")


def reviews(rows: int, seed: int) -> Blob:
    """Film reviews with a label: 1 is positive."""
    source = random.Random(seed)
    records = []
    for number in range(rows):
        label = number % 2
        phrases = source.sample(_GOOD if label else _BAD, 3)
        records.append({"text": f"{phrases[0].capitalize()}: {phrases[1]}, {phrases[2]}.", "label": label})
    return jsonl(records)


def programming_problems(rows: int, seed: int) -> Blob:
    """Small functions to be completed, each with its test."""
    source = random.Random(seed)
    records = []
    for number in range(rows):
        step = source.randrange(2, 9)
        records.append(
            {
                "task_id": f"Problem/{number}",
                "prompt": f'def add_{step}(x: int) -> int:\n    """Return x plus {step}."""\n',
                "canonical_solution": f"    return x + {step}\n",
                "test": f"def check(candidate):\n    assert candidate(1) == {step + 1}\n",
                "entry_point": f"add_{step}",
            }
        )
    return jsonl(records)


def many_small(count: int, seed: int) -> Files:
    """``count`` files of a hundred bytes or so, in folders of a hundred."""
    source = random.Random(seed)
    return {
        f"records/{number // 100:02}/{number:05}.json": text(
            json.dumps({"number": number, "value": source.random(), "note": source.choice(_GOOD)})
        )
        for number in range(count)
    }


#: Members of an archive carry this date: equal files make equal archives.
_EPOCH = (2024, 1, 1, 0, 0, 0)


def archive(members: Files) -> Blob:
    """A zip of files, as Kaggle bundles a dataset."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle:
        for path, blob in members.items():
            # What is noise already is stored as it is.
            method = zipfile.ZIP_STORED if blob.size > 4_000_000 else zipfile.ZIP_DEFLATED
            info = zipfile.ZipInfo(path, _EPOCH)
            info.compress_type = method
            with bundle.open(info, "w") as target:
                for block in blob.blocks():
                    target.write(block)
    return binary(buffer.getvalue())


@cache
def escaping_archive() -> Blob:
    """A zip with members that point outside its folder (zip-slip)."""
    return archive(
        {"good.csv": text("a\n1\n"), "../../escaped.txt": text("out"), "/tmp/absolute.txt": text("out")}
    )


@cache
def bomb(size: int) -> Blob:
    """A zip of a few kilobytes that unpacks to ``size`` zeros."""
    buffer = io.BytesIO()
    member = zipfile.ZipInfo("zeros.bin", _EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(buffer, "w") as bundle, bundle.open(member, "w", force_zip64=True) as target:
        for start in range(0, size, 1 << 20):
            target.write(bytes(min(1 << 20, size - start)))
    return binary(buffer.getvalue())


@cache
def latin1_archive() -> Blob:
    """A zip whose names are Latin-1 with no flag to say so, as old Windows tools wrote them."""
    name = "données/mesures_été.csv"
    buffer = io.BytesIO()
    placeholder = "d" * len(name)
    with zipfile.ZipFile(buffer, "w") as bundle:
        bundle.writestr(zipfile.ZipInfo(placeholder, _EPOCH), "valeur\n1\n")
    return binary(buffer.getvalue().replace(placeholder.encode(), name.encode("latin-1")))
