"""Index files of the tests with real git, and whether what stands beside one agrees with it."""

from pathlib import Path

from dataferry.versioning.declare.index_file import read_index
from dataferry.versioning.model.lock_file import Lock, is_current
from dataferry.versioning.tree.layout import folders
from tests.support.git_repositories import GitFolder

SCHEMA = """@dataset(remote="bucket")
class Pictures:
    image: File[png | jpg]
    mask: File[png]
"""
INGEST = """
    @ingest
    def from_web():
        def files(kind):
            return [File(data=b"\\x89PNG\\r\\n\\x1a\\n" + b"%s-%d" % (kind, n)) for n in range(3)]
        return files(b"image"), files(b"mask")
"""


def transform(name: str, of: str = "mask", word: str = "small") -> str:
    return f"""
    @staticmethod
    def {name}({of}: File[png]) -> File[png]:
        return File(data={of}.read() + b" {word}")
"""


def more(name: str, count: int = 1) -> str:
    """Another ingest, of ``count`` rows."""
    return INGEST.replace("from_web", name).replace("range(3)", f"range(10, {10 + count})")


def begin(repo: GitFolder) -> None:
    """One commit, of a dataset without rows."""
    repo.write("index.py", SCHEMA)
    repo.git("datasets", "track", "index.py")
    repo.git("commit", "-qm", "first", "index.py")


def versions(repo: GitFolder) -> None:
    """Four commits: the schema, rows, a computed field, a field and the ingest taken out. Tags v1 to v4."""
    repo.write("index.py", SCHEMA)
    repo.git("datasets", "track", "index.py")
    for number, text in enumerate(
        (SCHEMA, SCHEMA + INGEST, SCHEMA + INGEST + transform("small"), without_image()), 1
    ):
        repo.write("index.py", text)
        repo.git("commit", "-qm", f"v{number}", "index.py")
        repo.git("tag", f"v{number}")


def without_image() -> str:
    return SCHEMA.replace("    image: File[png | jpg]\n", "") + transform("small")


def check_agrees(repo: GitFolder, where: str = "") -> Lock | None:
    """Index file, lock, folders and dataset.sqlite say the same. The lock."""
    folder = repo.folder / where
    if not (folder / "index.py").exists():
        left = {path.name for path in folder.iterdir()} & {"index.py.lock", "dataset.sqlite", "image", "mask"}
        assert not left
        return None
    lock = Lock.parse((folder / "index.py.lock").read_text())
    index = read_index((folder / "index.py").read_text(), folder=folder)
    assert [(each.name, each.columns) for each in index.classes] == [
        (dataset.name, tuple(locked.field for locked in dataset.fields)) for dataset in lock.datasets
    ]
    check_beside(repo, lock, folder)
    assert all(map(is_current, lock.datasets))
    assert repo.git("ls-files", "-v", "index.py.lock", cwd=folder).startswith("H")
    return lock


def check_beside(repo: GitFolder, lock: Lock, folder: Path) -> None:
    """Folders and dataset.sqlite are those of the lock."""
    cache = repo.repository.cache
    for name, field in folders(lock).items():
        expected = {file_name: file.sha256 for file_name, file in field.files(cache)}
        found = {path.name: path for path in (folder / name).iterdir()}
        assert set(found) == set(expected), name
        for file_name, digest in expected.items():
            assert found[file_name].read_bytes() == cache.path("objects", digest).read_bytes()
    for dataset in lock.datasets:
        rows = repo.rows(dataset.name, where=str(folder.relative_to(repo.folder)))
        assert len(rows) == dataset.rows
        assert repo.columns(dataset.name, where=str(folder.relative_to(repo.folder))) == [
            "id",
            *(locked.field.name for locked in dataset.fields),
        ]
