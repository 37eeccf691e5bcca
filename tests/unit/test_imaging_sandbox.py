"""Whatever a file does to its decoder is an error of that one file."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataferry.core.errors import BadImage, SealBroken
from dataferry.core.files.sealed import CHUNK, SealedFile, SealedWriter
from dataferry.imaging.recognise import format_of
from dataferry.imaging.sandbox import TOO_LONG, TOO_MUCH, Sandbox, SandboxLimits

ROOT = Path(__file__).parents[2]
HOSTILE = "tests.support.hostile_decoders"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)
        patch.setenv("SECRET_KEY", "x" * 40)
        sandbox = Sandbox(count=1, modules="tests.support.", limits=SandboxLimits(seconds=20))
        yield sandbox
        sandbox.close()


@pytest.mark.parametrize(
    ("function", "seconds", "reason"),
    [("abort", 20, TOO_MUCH), ("crash", 20, TOO_MUCH), ("hang", 1, TOO_LONG), ("allocate", 20, TOO_MUCH)],
)
def test_a_decoder_that_fails_is_an_error_of_its_file(
    sandbox: Sandbox, function: str, seconds: float, reason: str
) -> None:
    with pytest.raises(BadImage) as raised:
        sandbox.call(f"{HOSTILE}:{function}", b"", seconds=seconds)
    assert raised.value.detail == reason
    answer = sandbox.call(f"{HOSTILE}:length", b"12345")
    assert (answer.value, answer.blob) == ({"length": 5}, b"blob")


def test_a_decoder_writes_nothing_and_knows_no_key(sandbox: Sandbox, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with pytest.raises(BadImage):
        sandbox.call(f"{HOSTILE}:write", b"", path=str(kept))
    assert not kept.exists() or not kept.read_bytes()
    # What a library prints stands in no answer.
    assert sandbox.call(f"{HOSTILE}:print_and_leak", b"").value == {"keys": []}
    with pytest.raises(BadImage):
        sandbox.call("os:abort", b"")


def sealed(folder: Path, content: bytes, file_id: str = "one") -> SealedFile:
    file = SealedFile(folder / file_id, file_id, file_id.encode().ljust(32, b"k"))
    with SealedWriter(file) as writer:
        writer.write(content)
        writer.finish()
    return file


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_a_sealed_file_is_read_back(sandbox: Sandbox, tmp_path: Path, size: int) -> None:
    content = bytes(range(251)) * (size // 251 + 1)
    file = sealed(tmp_path, content[:size])
    assert file.read() == content[:size]
    assert sandbox.call(f"{HOSTILE}:length", file).value == {"length": size}
    with file.opened() as opened:
        opened.seek(max(0, size - 3))
        assert opened.read() == content[max(0, size - 3) : size]


def test_an_upload_that_broke_off_goes_on_after_what_was_kept(tmp_path: Path) -> None:
    content = bytes(range(256)) * 1000
    file = SealedFile(tmp_path / "one", "one", b"k" * 32)
    with SealedWriter(file) as writer:
        writer.write(content[:200_000])
    kept = file.received
    assert kept == 3 * CHUNK
    with pytest.raises(SealBroken):  # it is not whole
        file.read()
    with file.path.open("ab") as torn:
        torn.write(b"half a chunk")
    with SealedWriter(file, go_on=True) as writer:
        writer.write(content[kept:])
        writer.finish()
    assert file.read() == content


@pytest.mark.parametrize("harm", ["flip", "cut", "swap", "append", "other"])
def test_changed_bytes_are_found(tmp_path: Path, harm: str) -> None:
    file = sealed(tmp_path, bytes(4 * CHUNK))
    stored = bytearray(file.path.read_bytes())
    step = CHUNK + 28
    if harm == "flip":
        stored[3 * step] ^= 1
    elif harm == "cut":
        del stored[-step:]
    elif harm == "swap":
        stored[8 : 8 + step], stored[8 + step : 8 + 2 * step] = (
            stored[8 + step : 8 + 2 * step],
            stored[8 : 8 + step],
        )
    elif harm == "append":
        stored += stored[-step:]
    else:
        stored = bytearray(sealed(tmp_path, bytes(4 * CHUNK), "other").path.read_bytes())
    file.path.write_bytes(stored)
    with pytest.raises(SealBroken):
        file.read()


@pytest.mark.parametrize(
    ("head", "format"),
    [
        (b"II*\0".ljust(128, b"\0") + b"DICM", "dicom"),  # a legal file that is both; libmagic says TIFF
        (b"<script>".ljust(128) + b"DICM", "dicom"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"MM\0*", "tiff"),
        (b"<svg onload=1>", None),
        (b"MZ\0\0", None),
        (b"", None),
    ],
)
def test_a_file_is_what_its_bytes_are(head: bytes, format: str | None) -> None:
    assert format_of(head) == format
