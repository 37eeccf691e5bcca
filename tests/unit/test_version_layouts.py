"""The index file that is written for a dataset of the library says what is recorded of it: running it makes
the very same lock."""

from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from dataferry.library.versions.index_text import index_text
from dataferry.library.versions.layouts import KeptFile, field_names
from dataferry.library.versions.recording import format_told, layouts_of, lock_of
from dataferry.versioning.declare.index_file import read_index
from dataferry.versioning.execute.execution import execute
from dataferry.versioning.execute.planning import plan
from dataferry.versioning.model.cache import Cache


def picture(colour: int, format: str = "PNG") -> bytes:
    file = BytesIO()
    Image.new("RGB", (4, 4), (colour, 0, 0)).save(file, format)
    return file.getvalue()


LABELLED = {
    f"data/{split}/{label}/{n}.{suffix}": picture(n + len(label), "JPEG")
    for split in ("train", "test")
    for label, suffix in (("cat", "jpg"), ("dog", "JPEG"))
    for n in range(2)
} | {"README.md": b"# Cats and dogs\n"}
#: A picture that is none, and one that is of another format than its name says.
BROKEN = {"a/1.png": picture(1, "JPEG"), "a/2.png": picture(2), "b/3.png": b"not found", "b/._3.png": b"\0\5"}
MASKS = {f"train/{kind}/{n}.png": picture(n) for kind in ("image", "mask") for n in range(3)}
CAPTIONS = {f"{n}.jpg": picture(n, "JPEG") for n in range(3)} | {f"{n}.txt": b"A cat" for n in range(3)}
TABLE = {
    "iris.csv": b'sepal length,class,day,big\n5.1,a,2020-01-02,1\n,"b\nc",,99999999999999999999999\n',
    'odd/na\'me "x".csv': b"File,File,id,1st,\xc3\xa4\n1,2,3,4,5\n",
}
OTHER = {"a.bin": b"\0\1", "b/c.txt": b"", "b/c": b"x", ".hidden": b"y"}


@pytest.mark.parametrize(
    ("files", "classes"),
    [
        (LABELLED, {"Pictures": ["path", "image", "label", "split"], "Files": ["path", "file"]}),
        (BROKEN, {"Pictures": ["path", "image", "label"], "Files": ["path", "file"]}),
        (MASKS, {"Pairs": ["name", "image", "mask"], "Files": ["path", "file"]}),
        (CAPTIONS, {"Pairs": ["name", "jpg_", "txt_"], "Files": ["path", "file"]}),
        (
            TABLE,
            {
                "Iris": ["sepal_length", "class_", "day", "big"],
                "NaMeX": ["File_", "File_1", "id_", "column_1st", "ä"],
                "Files": ["path", "file"],
            },
        ),
        (OTHER, {"Files": ["path", "file"]}),
    ],
)
def test_what_is_written_makes_what_is_recorded(
    files: dict[str, bytes], classes: dict[str, list[str]], tmp_path: Path
) -> None:
    tree = tmp_path / 'it\'s a "folder"'
    for path, body in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_bytes(body)
    kept = [
        KeptFile(path, sha256(files[path]).hexdigest(), len(files[path]), format_told(tree / path))
        for path in sorted(files)
    ]
    layouts = layouts_of(tree, kept)
    text = index_text('Cats "and"\\ dogs\n"""', "url:x", tree, "0" * 64, layouts)
    lock = lock_of(Cache(tmp_path / "cache"), text, layouts)
    found = {each.name: [locked.field.name for locked in each.fields] for each in lock.datasets}
    made = execute(
        plan(read_index(text), None), text, "index.py", None, Cache(tmp_path / "ran"), cwd=tmp_path
    )
    assert (made, found) == (lock, classes), text


def test_names_of_fields_are_each_its_own() -> None:
    assert field_names(["a b", "A_B", "", "class", "9", "日本"]) == [
        "a_b",
        "A_B_2",
        "column",
        "class_",
        "column_9",
        "日本",
    ]
