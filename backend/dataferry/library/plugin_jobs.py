"""What a plugin does in the jobs of its dataset. Everything here blocks, in a worker's thread."""

import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from dataferry.core.errors import Cancelled, DataferryError, PluginFailed
from dataferry.core.files.digests import sha256_of
from dataferry.core.types import DatasetRef, Progress
from dataferry.jobs.service import JobRun
from dataferry.library.models import Dataset
from dataferry.plugins import DatasetPlugin, Plugins
from dataferry.plugins.extracting import Surroundings, surrounded
from dataferry.plugins.faults import told
from dataferry.plugins.recorded import compare_with_first
from dataferry.transfer import FetchResult, Limits
from dataferry.transfer.contract import Accept, FetchedFile
from dataferry.transfer.limits.governor import Member

log = logging.getLogger(__name__)


class PluginJobs:
    """Calls plugins for jobs: whatever one raises ends its own job, with its name, file and line."""

    def __init__(self, plugins: Plugins, limits: Limits) -> None:
        self._plugins = plugins
        self._limits = limits

    def fetching(self, ref: DatasetRef) -> DatasetPlugin | None:
        """The plugin of a dataset, if it fetches its files itself."""
        plugin = self._plugin(ref)
        return plugin if plugin is not None and plugin.fetches_itself else None

    def _plugin(self, ref: DatasetRef) -> DatasetPlugin | None:
        plugin = self._plugins.get(ref.id) if ref.source == "builtin" else None
        return plugin if isinstance(plugin, DatasetPlugin) else None

    def accept(self, ref: DatasetRef, target: Path) -> Accept | None:
        """What looks at the whole files of a plugin before they take their place at ``target``: where no
        checksum is published, the first download's counts."""
        plugin = self._plugin(ref)
        if plugin is None or target != plugin.root:
            return None
        return partial(compare_with_first, plugin)

    def fetch(self, run: JobRun, plugin: DatasetPlugin, member: Member) -> FetchResult:
        """Call the plugin's own download. What lies in its folder afterwards are the dataset's files.

        Errors: ``PluginFailed``, ``Cancelled``; those of ``transfer.fetch``.
        """
        state = _State(run)
        around = Surroundings(plugin.display_name, run.cancel, self._limits, member, state.report)
        if run.params.get("force"):
            with told(plugin, "deleting its data"):
                plugin.clear_data()
        with told(plugin, "downloading"), surrounded(around):
            plugin.root.mkdir(parents=True, exist_ok=True)
            plugin.download(state)
            state.check_cancelled()  # which it may have caught
            whole = plugin.is_available()
        files = tuple(_files(plugin.root, state))
        if not whole or not files:
            what = "is_available() says that it is not whole" if files else "nothing lies in DATASETS_DIR"
            raise PluginFailed(
                f"The plugin {plugin.name} ended its download, and {what}.",
                next_step=f"Mend it; dataferry validate {plugin.name} checks all that it does.",
            )
        run.progress(run.latest_progress.model_copy(update={"phase": "finishing", "note": None}))
        return FetchResult(files)

    def index(self, dataset: Dataset) -> None:
        """Open every split of a dataset that has just arrived, so that nobody waits for its index later.

        Errors: ``PluginFailed``, also where a file is not what the plugin takes it for.
        """
        plugin = self._plugin(DatasetRef.make(dataset.source, dataset.source_id))
        if plugin is None or plugin.fetches_itself or dataset.local_path != str(plugin.root):
            return  # a plugin of a person's own may need what only the person has, such as torchvision
        try:
            with told(plugin, "reading what was downloaded"):
                plugin.prepare({})
        finally:
            plugin.forget()

    def clear(self, dataset: Dataset) -> None:
        """Let the plugin delete what it has. A failure keeps nothing: the library deletes the rest itself."""
        plugin = self._plugin(DatasetRef.make(dataset.source, dataset.source_id))
        if plugin is None or dataset.local_path != str(plugin.root):
            return
        try:
            with told(plugin, "deleting its data"):
                plugin.clear_data()
        except DataferryError:
            log.warning("the plugin %s cannot clear its data", plugin.name, exc_info=True)


class _State(dict[str, Any]):
    """What a plugin's download writes into becomes the job's progress."""

    def __init__(self, run: JobRun) -> None:
        super().__init__()
        self._run = run
        self._before = self._step = Progress(bytes_total=0)

    def check_cancelled(self) -> None:
        """Errors: ``Cancelled``."""
        if self._run.cancel.is_set():
            raise Cancelled

    def __setitem__(self, key: str, value: Any) -> None:
        self.check_cancelled()
        super().__setitem__(key, value)
        if key == "message":
            self._publish(self._step)

    def report(self, step: Progress) -> None:
        """How far one of its fetches is; those that have ended count with it."""
        if step.bytes_done < self._step.bytes_done:  # another one
            self._before = _sum(self._before, self._step)
        self._step = step
        self._publish(step)

    def _publish(self, step: Progress) -> None:
        summed = _sum(self._before, step)
        self._run.progress(summed.model_copy(update={"phase": "fetching", "note": self._note()}))

    def _note(self) -> str | None:
        message = self.get("message")
        return str(message)[:200] if message else None


def _sum(before: Progress, step: Progress) -> Progress:
    total = None if step.bytes_total is None else (before.bytes_total or 0) + step.bytes_total
    done = before.bytes_done + step.bytes_done
    return step.model_copy(update={"bytes_done": done, "bytes_total": total})


def _files(root: Path, state: _State) -> Iterator[FetchedFile]:
    """Every file below a folder. Only we have seen its bytes: their checksums are ``recorded``."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink():
            state.check_cancelled()
            name = path.relative_to(root).as_posix()
            yield FetchedFile(name, path.stat().st_size, sha256_of(path), "recorded")
