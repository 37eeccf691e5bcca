"""Writes a bundle from what a server has, over its API: rights hold, and a server elsewhere will do."""

import contextlib
import fcntl
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from dataferry import __version__
from dataferry.cli.client import Client
from dataferry.client.names import dataset_segment
from dataferry.core.errors import ChecksumMismatch, Conflict, InvalidInput, NetworkFault, NotFound
from dataferry.library.bundle_format import (
    END,
    MANIFEST,
    SUMS,
    BundledDataset,
    BundledFile,
    BundleManifest,
    digest_of,
    header,
    manifest_bytes,
    padding,
)
from dataferry.library.selection import Selection

_CHUNK_BYTES = 1 << 20
#: How often a file that broke off goes on by itself.
_TRIES = 5

#: What a part of a link's or a revision's name may not hold in a bundle.
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9-]+")

Write = Callable[[bytes], object]


class Export:
    """A bundle to be. Errors: ``NotFound`` for what is not here, or where no file is chosen."""

    def __init__(
        self, client: Client, refs: Sequence[str], include: Sequence[str] = (), exclude: Sequence[str] = ()
    ) -> None:
        self._client = client
        self._receipts: dict[str, bytes] = {}
        self._addresses: dict[str, str] = {}
        self.cautions: list[str] = []
        chosen = Selection.of(include=include, exclude=exclude)
        datasets = [self._described(dataset_segment(ref), chosen) for ref in dict.fromkeys(refs)]
        if len({dataset.folder for dataset in datasets}) < len(datasets):
            raise InvalidInput("A dataset is named twice.", next_step="Name each once.")
        self._manifest = BundleManifest(
            made_by=f"Dataferry {__version__}", created_at=datetime.now(UTC), datasets=tuple(datasets)
        )
        self._content = manifest_bytes(self._manifest)

    @property
    def digest(self) -> str:
        return digest_of(self._content)

    @property
    def size(self) -> int:
        return sum(
            len(header(name, size)) + size + len(padding(size)) for name, size, _ in self._members()
        ) + len(END)

    def write(self, path: Path) -> None:
        """Write the bundle, or the rest of one that was interrupted; ``path`` has it once it is whole."""
        part = path.with_name(f"{path.name}.part")
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("a+b") as file:
            _lock(file, part)
            self._take_over(file)
            file.truncate(self._verified_length(file))
            file.seek(0, os.SEEK_END)
            self._write_from(file.tell(), file.write)
            file.flush()
            os.fsync(file.fileno())
            os.replace(part, path)

    def write_to_stdout(self) -> None:
        self._write_from(0, sys.stdout.buffer.write)
        sys.stdout.buffer.flush()

    # -- what is in it ------------------------------------------------------------------------

    def _described(self, segment: str, chosen: Selection) -> BundledDataset:
        view = self._client.call("GET", f"/api/datasets/{segment}")
        if not view["downloaded"]:
            raise NotFound(
                f"{view['ref']} is not here.", next_step=f"Run `dataferry download {view['ref']}`."
            )
        identity = quote(view["id"], safe="")
        receipt = self._client.call("GET", f"/api/datasets/{identity}/receipt")
        every = [BundledFile.model_validate(_only(one, BundledFile)) for one in receipt["files"]]
        wanted = chosen.choice().matching([file.path for file in every])
        files = tuple(file for file in every if file.path in wanted)
        folder = _folder(receipt["ref"], receipt["revision"])
        kept = _json({**receipt, "files": [file.model_dump() for file in files]})
        name = f"receipts/{len(self._receipts) + 1}-{view['key'].replace('/', '~')[:150]}.json"
        self._receipts[name] = kept
        for file in files:
            self._addresses[f"{folder}/{file.path}"] = f"/api/datasets/{identity}/files/{quote(file.path)}"
        self.cautions += _cautions(view)
        return BundledDataset(
            ref=receipt["ref"],
            revision=receipt["revision"],
            title=receipt["title"],
            description=view["description"] or "",
            license=receipt["license"],
            original_url=receipt["original_url"],
            restricted=view["visibility"] == "restricted",
            whole=not view["selected"] and len(files) == len(every),
            downloaded_at=receipt["downloaded_at"],
            checksum=receipt["checksum"],
            folder=folder,
            receipt=BundledFile(path=name, size=len(kept), sha256=sha256(kept).hexdigest(), grade="recorded"),
            files=files,
        )

    def _members(self) -> Iterator[tuple[str, int, Callable[[], Iterator[bytes]]]]:
        """Name, size and bytes of each member, in their order."""
        yield MANIFEST, len(self._content), lambda: iter((self._content,))
        sums = self._manifest.sums
        yield SUMS, len(sums), lambda: iter((sums,))
        for file in self._manifest.members():
            yield file.path, file.size, lambda file=file: self._bytes(file)  # type: ignore[misc]

    def _bytes(self, file: BundledFile) -> Iterator[bytes]:
        """Errors: ``ChecksumMismatch`` once they are known to be others."""
        if file.path in self._receipts:
            yield self._receipts[file.path]
            return
        digest, done, tries = sha256(), 0, _TRIES
        while done < file.size:
            try:
                with self._client.stream_file(
                    self._addresses[file.path], file.sha256, begin=done
                ) as response:
                    if done and response.status_code != 206:
                        break
                    for chunk in response.iter_bytes(_CHUNK_BYTES):
                        digest.update(chunk)
                        done += len(chunk)
                        yield chunk
            except NetworkFault:
                tries -= 1
                if not tries:
                    raise
        if done != file.size or digest.hexdigest() != file.sha256:
            raise ChecksumMismatch(
                f"{file.path} is not what was downloaded any more.",
                next_step="Run `dataferry library verify` on its dataset; it can be repaired.",
            )

    # -- writing ------------------------------------------------------------------------------

    def _write_from(self, length: int, write: Write) -> None:
        """Write every member that begins at ``length`` or behind it."""
        position = 0
        for name, size, content in self._members():
            head, tail = header(name, size), padding(size)
            if position >= length:
                write(head)
                for chunk in content():
                    write(chunk)
                write(tail)
            position += len(head) + size + len(tail)
        write(END)

    def _take_over(self, file: BinaryIO) -> None:
        """Go on with the manifest of an export that was interrupted, where it differs in its date alone."""
        file.seek(0)
        head = file.read(len(header(MANIFEST, len(self._content))))
        content = file.read(len(self._content))
        with contextlib.suppress(ValueError):
            former = BundleManifest.model_validate_json(content)
            same = former.model_copy(update={"created_at": self._manifest.created_at}) == self._manifest
            if same and head == header(MANIFEST, len(content)):
                self._manifest, self._content = former, content

    def _verified_length(self, file: BinaryIO) -> int:
        """The bytes of ``file`` that are whole members of this bundle. What a crash left may be zeros."""
        file.seek(0)
        position = 0
        known = {member.path: member.sha256 for member in self._manifest.members()}
        known |= {MANIFEST: sha256(self._content).hexdigest(), SUMS: sha256(self._manifest.sums).hexdigest()}
        for name, size, _ in self._members():
            head, tail = header(name, size), padding(size)
            if file.read(len(head)) != head or _digest(file, size) != known[name]:
                return position
            if file.read(len(tail)) != tail:
                return position
            position += len(head) + size + len(tail)
        return position


def _folder(ref: str, revision: str) -> str:
    source, _, name = ref.partition(":")
    if source == "url":
        name = f"{_NOT_PLAIN.sub('_', name)[:80]}-{sha256(name.encode()).hexdigest()[:8]}"
    return f"datasets/{source}/{name}/{_NOT_PLAIN.sub('_', revision)[:12]}"


def _json(receipt: dict[str, Any]) -> bytes:
    return (json.dumps(receipt, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _only(given: dict[str, Any], model: type[BundledFile]) -> dict[str, Any]:
    return {name: given[name] for name in model.model_fields}


def _cautions(view: dict[str, Any]) -> list[str]:
    said = view["license"]
    if not said:
        return [f"{view['ref']} states no licence: ask its owner before you pass it on."]
    return [f"{view['ref']} is under {said}, which goes with it."]


def _digest(file: BinaryIO, size: int) -> str:
    digest = sha256()
    while size and (chunk := file.read(min(size, _CHUNK_BYTES))):
        digest.update(chunk)
        size -= len(chunk)
    return digest.hexdigest()


def _lock(file: BinaryIO, part: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise Conflict(
            f"Another export writes {part}.", next_step="Wait for it, or name another file."
        ) from error
