"""The removal of datasets: each person ends their own part, and the files go with the last owner."""

import logging
import shutil
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from sqlmodel import Session

from dataferry.accounts import rows as account_rows
from dataferry.core.db import Reads
from dataferry.core.errors import Conflict, DataferryError
from dataferry.core.personal_data import ErasureRun
from dataferry.jobs.service import JobRun, Jobs
from dataferry.library import history_rows, pins, rights, view_rows
from dataferry.library.deletion import CLEANUP
from dataferry.library.models import Dataset
from dataferry.library.paths import Store
from dataferry.library.plugin_jobs import PluginJobs
from dataferry.library.recording import delete_unseen, forget
from dataferry.transfer import hold_workdir
from dataferry.transfer.files.disk import disk_faults

log = logging.getLogger(__name__)


class Removal:
    """Removes datasets for jobs. Everything here blocks, and may be killed at any line."""

    def __init__(self, database: Reads, store: Store, jobs: Jobs, plugins: PluginJobs) -> None:
        self._database = database
        self._store = store
        self._jobs = jobs
        self._plugins = plugins

    def remove_unused(self, run: JobRun, dataset_id: str) -> None:
        """``give_up`` for a dataset of another row than the job's, unless a job is at work on it."""

        def in_use() -> bool:
            return bool(self._database.read(self._jobs.active_kinds, dataset_id))

        if not in_use():
            with hold_workdir(self._store.partial(dataset_id), run):
                if not in_use():  # what begins from now on waits for the folder
                    self.give_up(run, dataset_id)

    def give_up(self, run: JobRun, dataset_id: str, views: Sequence[str] | None = None) -> bool:
        """End the part of the job's requesters in a dataset whose working folder is held, and in these of its
        views, by default in all. Returns whether its files went, as they do with the last owner, and by an
        admin's deletion.

        Whoever has taken the job over waits for the folder: nothing of theirs can be deleted here.
        """

        def give_up(session: Session) -> tuple[Sequence[str], bool]:
            users = self._jobs.requesters(session, run.id)
            by_admin = CLEANUP in users or account_rows.any_admin(session, users)
            for_all = run.job.kind == "delete" and by_admin
            if CLEANUP in users:
                owners = rights.owners(session, dataset_id)
                history_rows.record(session, run.job, owners, kind="cleanup")
            pins.drop(session, dataset_id, None if for_all else users)
            return users, bool(rights.give_up(session, dataset_id, None if for_all else users))

        users, stays = run.write(give_up)
        if stays:
            self.remove_views_of(run, dataset_id, users, views)
        else:
            self.remove(run, dataset_id, views)
        return not stays

    def remove_views_of(
        self, run: ErasureRun, dataset_id: str, users: Sequence[str], views: Sequence[str] | None = None
    ) -> None:
        """Remove what these people alone wanted hardlinked, of these views, by default of all."""
        dataset = self._database.read(lambda session: session.get_one(Dataset, dataset_id))
        if dataset.local_path is not None:
            tree = Path(dataset.local_path)
            for path in self._database.read(view_rows.only_of, dataset_id, users):
                if views is None or path in views:
                    self._remove_view(tree, path)
            self._restore_views(dataset_id)
        run.write(lambda session: view_rows.drop(session, dataset_id, views, users))
        if dataset.local_path is not None:
            for path in self._database.read(view_rows.paths, dataset_id):
                self._make_view(tree, Path(path))

    def remove(self, run: ErasureRun, dataset_id: str, views: Sequence[str] | None = None) -> None:
        """Remove the files of a dataset whose working folder is held, whosever it is, and these of its views,
        by default all."""
        dataset = self._database.read(lambda session: session.get_one(Dataset, dataset_id))
        removed = self._database.read(view_rows.paths, dataset_id) if views is None else views
        if dataset.local_path is not None:
            tree = Path(dataset.local_path)
            run.confirm()
            with disk_faults(tree.parent):
                for view in removed:
                    self._remove_view(tree, view)
                self._restore_views(dataset_id)
                self._plugins.clear(dataset)
                with self._store.set_aside(tree):
                    run.write(partial(forget, dataset_id, removed))
        else:
            run.write(partial(forget, dataset_id, removed))
        delete_unseen(self._database, dataset_id, run.write)
        shutil.rmtree(self._store.partial(dataset_id), ignore_errors=True)

    def withdraw(self, dataset_id: str, target: Path, inode: int) -> None:
        """Delete the folder at ``target`` if it is the one of that inode and nobody relies on it. A run has
        put it there that lost its job between its last look and the rename."""
        folder = self._store.partial(dataset_id)
        was_there = folder.exists()
        with suppress(DataferryError, OSError), hold_workdir(folder):
            dataset = self._database.read(lambda session: session.get_one(Dataset, dataset_id))
            wanted = dataset.downloaded or self._database.read(self._jobs.active_kinds, dataset_id)
            if not was_there:  # it is made to be held
                shutil.rmtree(folder, ignore_errors=True)
            if not wanted and target.stat().st_ino == inode:
                self._store.discard(target)

    def _remove_view(self, tree: Path, view: str) -> None:
        try:
            self._store.remove_view(tree, Path(view))
        except (Conflict, OSError):  # what somebody else has made of the folder is in nobody's way
            log.warning("the view %s of %s cannot be removed", view, tree, exc_info=True)

    def _restore_views(self, removed: str) -> None:
        """Two datasets that share a file may have it in one view: what was taken from the other comes
        back."""
        for tree, view in self._database.read(view_rows.overlapping, removed):
            self._make_view(tree, view)

    def _make_view(self, tree: Path, view: Path) -> None:
        with suppress(Conflict, OSError):  # it is on its way out too
            self._store.make_view(tree, view)
