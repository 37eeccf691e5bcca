"""The files of a hub's catalogue as they are now: what to fetch, and what the build then takes."""

from dataclasses import replace
from hashlib import sha256

from dataferry.core.types import Credential, Manifest
from dataferry.sources.catalog import Catalog
from dataferry.sources.index.snapshots import Snapshot

#: What a build writes beside a snapshot: the index, about as large as the snapshot, and what its tables spill
#: to disk. Tables that come packed are unpacked first; text shrinks to about a fifth.
_BUILD_SHARE, _UNPACKED_SHARE, _SPILL_BYTES = 1, 5, 300_000_000


def resolve(catalog: Catalog, snapshot: Snapshot, credential: Credential) -> Manifest:
    """The snapshot's files, whose ``revision`` is a fingerprint of what they hold: a hub's own changes with
    files that are not among them. Blocks. Errors: those of ``Catalog.file_manifest``."""
    manifest = catalog.file_manifest(snapshot.ref, None, credential, snapshot.files)
    return replace(manifest, revision=_fingerprint(manifest))


def _fingerprint(manifest: Manifest) -> str:
    if any(entry.checksum is None for entry in manifest.files):
        return manifest.revision
    lines = sorted(f"{entry.path} {entry.size} {entry.checksum}" for entry in manifest.files)
    return sha256("\n".join(lines).encode()).hexdigest()[:40]


def build_bytes(manifest: Manifest) -> int:
    """The most that the build of this snapshot takes of the disk, estimated."""
    size = sum(entry.size or 0 for entry in manifest.files)
    packed = sum(entry.size or 0 for entry in manifest.files if entry.path.endswith(".zip"))
    return _BUILD_SHARE * size + _UNPACKED_SHARE * packed + _SPILL_BYTES
