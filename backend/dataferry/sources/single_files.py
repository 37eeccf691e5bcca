"""Some files of a dataset, without the others."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from dataferry.core.types import Credential, DatasetRef, Manifest
from dataferry.sources.base import Source
from dataferry.sources.http_errors import missing_file


@runtime_checkable
class _HandingOutFiles(Protocol):
    """A source whose manifest is one archive, but which hands out single files of it too."""

    def file_manifest(
        self, ref: DatasetRef, revision: str | None, credential: Credential, paths: Sequence[str]
    ) -> Manifest: ...


def single_files(
    source: Source, ref: DatasetRef, revision: str | None, credential: Credential, paths: Sequence[str]
) -> Manifest:
    """The manifest of these files alone. Errors: those of ``Source``; ``NotFound`` naming a missing one."""
    if isinstance(source, _HandingOutFiles):
        return source.file_manifest(ref, revision, credential, paths)
    manifest = source.manifest(ref, revision, credential)
    files = {entry.path: entry for entry in manifest.files}
    for path in paths:
        if path not in files:
            raise missing_file(ref, path)
    return Manifest(manifest.ref, manifest.revision, tuple(files[path] for path in paths))
