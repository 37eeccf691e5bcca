"""A disk that is full in the middle: everything is as before, and one line says so."""

import shutil
from pathlib import Path

from tests.support.git_repositories import new_repository
from tests.support.index_files import check_agrees
from tests.support.mounts import small_disk

INDEX = """@dataset(remote="bucket")
class Pictures:
    image: File[txt]

    @ingest
    def rows():
        return [File(data=b"%d " % number * SIZE) for number in range(ROWS)]
"""


def index(rows: int, size: int) -> str:
    return INDEX.replace("ROWS", str(rows)).replace("SIZE", str(size))


def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "24m") as disk:
        repo = new_repository(disk.folder)
        repo.write("index.py", index(300, 1000))
        repo.git("datasets", "track", "index.py")
        repo.git("commit", "-qm", "small", "index.py")
        before = repo.contents("image"), repo.git("rev-parse", "HEAD")
        repo.write("index.py", index(300, 100_000))
        said = repo.fails("commit", "-qm", "large", "index.py")
        assert "Free some space where the repository is" in said
        assert (repo.contents("image"), repo.git("rev-parse", "HEAD")) == before
        disk.remount("size=400m")
        repo.git("commit", "-qm", "large", "index.py")
        check_agrees(repo)
        repo.git("checkout", "-q", "HEAD~1")
        check_agrees(repo)


def test_no_room_for_the_folders(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "64m") as disk:
        repo = new_repository(disk.folder)
        repo.write("index.py", index(2000, 10))
        repo.git("datasets", "track", "index.py")
        repo.git("commit", "-qm", "first", "index.py")
        repo.write("index.py", index(2000, 20))
        repo.git("commit", "-qam", "second")
        before = repo.contents("image")
        shutil.rmtree(repo.folder / ".git/datasets/parked")
        with (disk.folder / "filler").open("wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"\0" * 4096)
            except OSError:
                filler.truncate(max(filler.tell() - 48 * 1024, 0))
        said = repo.git("checkout", "-q", "HEAD~1")
        assert "The disk is full. What stands beside it is as before." in said
        assert repo.contents("image") == before
        (disk.folder / "filler").unlink()
        repo.git("datasets", "restore")
        check_agrees(repo)
