"""The queue's own tables, made once: a copy starts ten times as fast as an empty database."""

import shutil
from pathlib import Path

from dataferry.core.settings import Settings
from dataferry.jobs.queue import Queue
from tests.support.postgres import Postgres


class PreparedQueues:
    """Copies of a queue's database that has been started once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template_made = False

    def copy_into(self, data_dir: Path) -> None:
        """Put ``jobs.sqlite`` into a data folder."""
        prepared = self._folder / "jobs.sqlite"
        if not prepared.exists():
            _start_once(Settings(_env_file=None, data_dir=self._folder))
        shutil.copy(prepared, data_dir)

    def template(self, postgres: Postgres) -> str:
        """The name of a Postgres database to copy."""
        name = "queue_template"
        if not self._template_made:
            postgres.execute(f"CREATE DATABASE {name}")
            url = postgres.url(name)
            _start_once(
                Settings(_env_file=None, data_dir=self._folder, database_url=url, secret_key="k" * 32)
            )
            self._template_made = True
        return name


def _start_once(settings: Settings) -> None:
    queue = Queue(settings, lambda _job_id, _generation: None)
    queue.start("nobody", worker=True)
    queue.stop()
