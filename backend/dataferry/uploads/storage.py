"""Where uploads lie: encrypted, each with a key of its own, in a folder that others cannot enter."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dataferry.accounts.security import Secrets
from dataferry.core.errors import NotFound
from dataferry.core.files.sealed import SealedFile
from dataferry.core.private_files import make_private_folder
from dataferry.transfer.files.disk import disk_faults, preflight
from dataferry.uploads.models import Upload

_SUFFIX = ".sealed"


def deleted_meanwhile() -> NotFound:
    return NotFound("The upload was deleted while it was received.", next_step="Upload it again.")


class UploadStorage:
    """The files of uploads, below ``folder``."""

    def __init__(self, folder: Path, secrets: Secrets, min_free_bytes: int) -> None:
        self._folder = folder
        self._secrets = secrets
        self._min_free_bytes = min_free_bytes

    def prepare(self) -> None:
        """Errors: ``OSError``."""
        make_private_folder(self._folder)

    def check_room(self, size: int | None) -> None:
        """Whether a file of so many bytes may come. Errors: ``DiskFull``, ``StoreNotWritable``."""
        preflight(size or 0, self._folder, self._min_free_bytes)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Errors: ``DiskFull`` and ``StoreNotWritable`` for what the disk does not take; ``NotFound`` for a
        file that was deleted meanwhile."""
        try:
            yield
        except FileNotFoundError as error:
            raise deleted_meanwhile() from error
        except OSError:
            with disk_faults(self._folder):
                raise

    def new_name(self, upload_id: str) -> str:
        return f"{upload_id}{_SUFFIX}"

    def file(self, upload: Upload) -> SealedFile:
        """The file of an upload, whether it is there or not."""
        return self.of_id(upload.id)

    def of_id(self, upload_id: str) -> SealedFile:
        key = self._secrets.subkey(f"upload:{upload_id}")
        return SealedFile(self._folder / self.new_name(upload_id), upload_id, key)

    def uid_key(self, user_id: str) -> str:
        """Hex; what makes a person's DICOM UIDs into others, always the same ones."""
        return self._secrets.subkey(f"dicom-uids:{user_id}").hex()

    def seal(self, text: str) -> str:
        return self._secrets.encrypt(text)

    def unseal(self, text: str) -> str:
        return self._secrets.decrypt(text)

    def seal_results(self, results: Mapping[str, Any]) -> dict[str, Any]:
        """As they stand in ``uploads.analysis_results``: what was found in a picture is as personal as it."""
        return {"sealed": self.seal(json.dumps(results))}

    def unseal_results(self, kept: Mapping[str, Any] | None) -> dict[str, Any] | None:
        if kept is None:
            return None
        results: dict[str, Any] = json.loads(self.unseal(str(kept["sealed"])))
        return results

    def remove(self, upload_id: str) -> None:
        """Nothing where it is gone already. Errors: ``OSError``."""
        self.of_id(upload_id).path.unlink(missing_ok=True)

    def sweep(self, known: Callable[[list[str]], set[str]]) -> int:
        """Remove the files of uploads that have no row; how many. Blocks."""
        ids = [path.name.removesuffix(_SUFFIX) for path in self._files()]
        left = set(ids) - known(ids) if ids else set()
        for upload_id in left:
            self.remove(upload_id)
        return len(left)

    def _files(self) -> Iterator[Path]:
        return self._folder.glob(f"*{_SUFFIX}")
