"""A dataset as one zip or tar: the length that is told before is what comes, and other programs read it."""

import io
import os
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataferry.library.archive_stream import ArchiveFormat, Member, archive_length, archive_pieces
from tests.support.programs import program

SEGMENTS = st.text(
    st.characters(exclude_characters="/\\\0", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60
)
PATHS = st.lists(SEGMENTS.filter(lambda name: name.strip(". ")), min_size=1, max_size=5).map("/".join)


def members(folder: Path, files: dict[str, bytes]) -> list[Member]:
    made = []
    for number, (name, content) in enumerate(files.items()):
        path = folder / str(number)
        path.write_bytes(content)
        made.append(Member(f"set/{name}", path, len(content), 1_700_000_000.5))
    return made


def archive(format: ArchiveFormat, made: list[Member]) -> bytes:
    """It, with its length checked."""
    whole = b"".join(archive_pieces(format, made))
    assert len(whole) == archive_length(format, [(member.name, member.size) for member in made])
    return whole


@settings(max_examples=40, deadline=None)
@given(files=st.dictionaries(PATHS, st.binary(max_size=2000), max_size=8))
def test_what_is_in_it_is_what_was_there(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    made = members(tmp_path_factory.mktemp("files"), files)
    expected = {f"set/{name}": content for name, content in files.items()}
    with zipfile.ZipFile(io.BytesIO(archive("zip", made))) as zipped:
        assert zipped.testzip() is None
        assert {name: zipped.read(name) for name in zipped.namelist()} == expected
    with tarfile.open(fileobj=io.BytesIO(archive("tar", made))) as tarred:
        found = {member.name: tarred.extractfile(member) for member in tarred.getmembers()}
        assert {name: file.read() for name, file in found.items() if file} == expected


def test_more_files_than_sixteen_bits_count(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.write_bytes(b"")
    made = [Member(f"set/{number}", path, 0, 0) for number in range(70_000)]
    with zipfile.ZipFile(io.BytesIO(archive("zip", made))) as zipped:
        assert len(zipped.namelist()) == 70_000


def test_other_programs_read_it(tmp_path: Path) -> None:
    made = members(tmp_path, {"a/données.csv": b"a,b\n" * 1000, "b": b"", "日本.txt": b"x" * 3_000_000})
    packed = tmp_path / "set.tar"
    packed.write_bytes(archive("tar", made))
    subprocess.run([program("tar"), "-xf", packed, "-C", tmp_path], check=True)
    assert (tmp_path / "set/日本.txt").stat().st_size == 3_000_000
    assert (tmp_path / "set/a/données.csv").read_bytes() == b"a,b\n" * 1000


@pytest.mark.parametrize("format", ["zip", "tar"])
def test_a_file_that_is_shorter_than_it_was_ends_it(tmp_path: Path, format: ArchiveFormat) -> None:
    made = members(tmp_path, {"a": b"0123456789"})
    os.truncate(made[0].path, 5)
    with pytest.raises(OSError, match="shorter"):
        list(archive_pieces(format, made))


@pytest.mark.parametrize("format", ["zip", "tar"])
def test_a_link_in_a_file_s_place_is_not_followed(tmp_path: Path, format: ArchiveFormat) -> None:
    made = members(tmp_path, {"a": b"0123456789"})
    made[0].path.rename(tmp_path / "elsewhere")
    made[0].path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match=r"[Ll]ink"):
        list(archive_pieces(format, made))
