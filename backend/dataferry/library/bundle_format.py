"""A bundle: datasets in one file, to be carried to a machine without a network (ADR 0055).

It is a tar file of plain files, which needs nothing of ours to be read::

    dataferry-bundle.json            the manifest: every other member with its size and SHA-256
    SHA256SUMS                       the same for ``sha256sum -c``
    receipts/kaggle:uciml~iris.json  what arrived, from where, under which licence
    datasets/kaggle/uciml/iris/4/…   the files

The manifest comes first, so that a reader knows what is to come, and its SHA-256 is the bundle's digest: it
stands for every byte behind it. The layout follows from the manifest alone, so that an interrupted export
goes on where it ended.
"""

import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Literal

from pydantic import Field, ValidationError

from dataferry.core.errors import DamagedFile, InvalidInput, UnsafeArchive
from dataferry.core.files.safe_names import UnusablePath, check_path
from dataferry.core.types import Grade, View

MANIFEST, SUMS = "dataferry-bundle.json", "SHA256SUMS"
_BLOCK = tarfile.BLOCKSIZE
#: Bytes of a manifest that are read: half a million files take some 100 MB.
_MANIFEST_BYTES = 1 << 30
AGAIN = "Copy the bundle again, or export it anew."


class BundledFile(View):
    """``path`` is relative to its dataset's folder, ``size`` in bytes; ``grade``: whose checksum it was."""

    path: str
    size: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    grade: Grade


class BundledDataset(View):
    """One dataset. ``whole``: every file of the revision is in the bundle. ``restricted``: its source shows
    it only to people whom its owner, or its terms, let in. ``folder``: where its files are in the bundle."""

    ref: str
    revision: str
    title: str
    description: str = ""
    license: str | None
    original_url: str
    restricted: bool
    whole: bool
    downloaded_at: datetime
    checksum: str
    folder: str
    receipt: BundledFile
    files: tuple[BundledFile, ...]


class BundleManifest(View):
    """What is in a bundle."""

    format: Literal["dataferry-bundle/1"] = "dataferry-bundle/1"
    made_by: str
    created_at: datetime
    datasets: tuple[BundledDataset, ...]

    def members(self) -> Iterator[BundledFile]:
        """All but the manifest and the sums, by their names in the bundle and in its order."""
        for dataset in self.datasets:
            yield dataset.receipt
        for dataset in self.datasets:
            for file in dataset.files:
                yield file.model_copy(update={"path": f"{dataset.folder}/{file.path}"})

    @property
    def sums(self) -> bytes:
        return "".join(f"{file.sha256}  {file.path}\n" for file in self.members()).encode()


def manifest_bytes(manifest: BundleManifest) -> bytes:
    return (json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n").encode()


def digest_of(manifest: bytes) -> str:
    """The digest of a bundle, as it is printed."""
    return f"sha256:{sha256(manifest).hexdigest()}"


def header(name: str, size: int) -> bytes:
    """What stands before a member's bytes: the same for the same name and size."""
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    return member.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")


def padding(size: int) -> bytes:
    """What stands behind a member's bytes."""
    return bytes(-size % _BLOCK)


#: What stands behind the last member.
END = bytes(2 * _BLOCK)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was opened: its manifest, and where the bytes of each member begin."""

    path: Path
    manifest: BundleManifest
    digest: str
    offsets: dict[str, int]

    def open(self, file: BundledFile, folder: str) -> BinaryIO:
        """A file of a dataset, whose reader gets ``DamagedFile`` where a byte of it is another."""
        name = f"{folder}/{file.path}"
        return io.BufferedReader(_Member(self.path, self.offsets[name], name, file), 1 << 20)


def open_bundle(path: Path, digest: str | None = None) -> Bundle:
    """Read a bundle's manifest and look whether everything that it names is there. Bytes are not compared.

    Errors: ``InvalidInput`` for what is no bundle, is not whole, has another ``digest``, or holds what its
    manifest does not name; ``DamagedFile`` for a changed manifest; ``UnsafeArchive`` for a path
    that leads out of its folder.
    """
    try:
        with tarfile.open(path, "r:") as archive:
            return _read(path, archive, digest)
    except UnusablePath as error:
        raise UnsafeArchive(f"{error}: nothing of the bundle is used.", next_step=AGAIN) from error
    except (tarfile.TarError, EOFError, UnicodeError) as error:
        raise InvalidInput(f"{path} is no bundle, or only a part of one.", next_step=AGAIN) from error
    except OSError as error:
        raise InvalidInput(
            f"{path} cannot be read: {error.strerror}.", next_step="Check its path."
        ) from error


def _read(path: Path, archive: tarfile.TarFile, digest: str | None) -> Bundle:
    first = archive.next()
    stream = archive.extractfile(first) if first is not None and first.isreg() else None
    if first is None or stream is None or first.name != MANIFEST or first.size > _MANIFEST_BYTES:
        raise InvalidInput(f"{path} is no bundle of Dataferry's.", next_step="Name one that it exported.")
    content = stream.read()
    found = digest_of(content)
    if digest is not None and digest.removeprefix("sha256:") != found.removeprefix("sha256:"):
        raise InvalidInput(
            f"The bundle's digest is {found}, not the one that you gave: {MANIFEST} is another one's.",
            next_step="Ask whoever exported it for its digest, by another way than the bundle came.",
        )
    try:
        manifest = BundleManifest.model_validate_json(content)
    except ValidationError as error:
        raise InvalidInput(
            f"{MANIFEST} cannot be read: the bundle is damaged, or of another version.", next_step=AGAIN
        ) from error
    return Bundle(path, manifest, found, _offsets(path, archive, manifest))


def _offsets(path: Path, archive: tarfile.TarFile, manifest: BundleManifest) -> dict[str, int]:
    sizes = {SUMS: len(manifest.sums)}
    for file in manifest.members():
        check_path(file.path)
        sizes[file.path] = file.size
    offsets: dict[str, int] = {}
    length = path.stat().st_size
    while (member := archive.next()) is not None:
        wanted = sizes.get(member.name)
        if wanted is None or not member.isreg() or member.name in offsets:
            raise InvalidInput(f"{member.name} is not of this bundle.", next_step=AGAIN)
        if member.size != wanted or member.offset_data + wanted > length:
            raise DamagedFile(f"{member.name} has not the size that it had.", next_step=AGAIN)
        offsets[member.name] = member.offset_data
    for name in sizes:
        if name not in offsets:
            raise InvalidInput(f"The bundle ends before {name}: it is a part of one.", next_step=AGAIN)
    return offsets


class _Member(io.RawIOBase):
    """The bytes of a member, compared with its checksum as they are read."""

    def __init__(self, path: Path, offset: int, name: str, file: BundledFile) -> None:
        self._stream = path.open("rb", buffering=0)
        self._stream.seek(offset)
        self._left = file.size
        self._name = name
        self._wanted, self._digest = file.sha256, sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        view = memoryview(buffer)[: self._left]
        count = self._stream.readinto(view) if view else 0
        self._digest.update(view[:count])
        self._left -= count
        changed = not self._left and self._digest.hexdigest() != self._wanted
        if changed or (view and not count):
            raise DamagedFile(
                f"{self._name} in the bundle is not what was exported: a byte of it has changed.",
                next_step=AGAIN,
            )
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()
