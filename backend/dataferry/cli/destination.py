"""Where a download's files are for the person: in the store, in a view of it, or in a folder of their own."""

import os
from pathlib import Path
from typing import Any

from dataferry.cli.client import Client
from dataferry.cli.download_options import DownloadOptions
from dataferry.cli.local_copy import place
from dataferry.core.errors import InvalidInput
from dataferry.core.job_types import JobView


def check_local_dir(local_dir: str | None, count: int) -> None:
    """Errors: ``InvalidInput`` for several datasets in one folder, whose files would meet."""
    if local_dir is not None and count > 1:
        raise InvalidInput(
            "--local-dir takes one dataset: files of several have the same names.",
            next_step="Run it once for each, with a folder for each.",
        )


class Destination:
    """Puts files where ``--local-dir`` says, and knows which path is told."""

    def __init__(self, client: Client, options: DownloadOptions) -> None:
        """Errors: ``InvalidInput`` for ``--local-dir`` with a server elsewhere, or for a place in its way."""
        self._options = options
        self._views: dict[str, str] = {}
        if options.local_dir is None:
            return
        if client.elsewhere:
            raise InvalidInput(
                f"--local-dir links files of this machine, and these are on {client.elsewhere}.",
                next_step="Leave it out.",
            )
        folder = Path(options.local_dir)
        if folder.exists() and not folder.is_dir():
            raise InvalidInput(f"{folder} is a file.", next_step="Name a folder.")

    def note_ticket(self, ticket: dict[str, Any]) -> None:
        """Remember where the view of a download will be (``--to``)."""
        if self._options.to is not None:
            self._views[ticket["job_id"]] = ticket["file_path"]

    def path(self, job: JobView, receipt: dict[str, Any]) -> str:
        """The folder that is told, once the files are in it. Errors: those of ``place``."""
        if self._options.local_dir is None:
            return self._views.get(job.id) or job.file_path or str(receipt["local_path"])
        folder = Path(os.path.abspath(self._options.local_dir))
        place(receipt, folder, force=self._options.force)
        return str(folder)
