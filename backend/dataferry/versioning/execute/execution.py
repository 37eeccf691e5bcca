"""Doing what a plan says: functions run in processes of their own, and what they make goes into the cache.

Nothing else changes. What comes of it is a new lock, which its caller writes, or not.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from itertools import repeat
from pathlib import Path

from dataferry.core.errors import InvalidInput
from dataferry.versioning.execute.computing import TransformRun, convert
from dataferry.versioning.execute.faults import Place, disk_full, is_full
from dataferry.versioning.execute.ingesting import IngestRun
from dataferry.versioning.execute.planning import DatasetPlan, GroupPlan, Plan
from dataferry.versioning.execute.run import Run, running
from dataferry.versioning.execute.running import Workplace
from dataferry.versioning.model.cache import Cache
from dataferry.versioning.model.columns import write_column
from dataferry.versioning.model.lock_file import Column, Lock, LockedDataset, RowGroup, column_key
from dataferry.versioning.model.progress import Report, silent
from dataferry.versioning.model.schema import Field


def execute(
    plan: Plan,
    text: str,
    name: str,
    lock: Lock | None,
    cache: Cache,
    *,
    cwd: Path,
    report: Report = silent,
    jobs: int | None = None,
    sandbox: bool = False,
) -> Lock:
    """Do a plan; the lock that describes the index file then.

    ``text`` is that of the index file, which errors call ``name``; ``cwd`` the folder that it lies in, where
    its functions run. ``report`` is told of rows. ``jobs``: processes at once, by default one for each
    processor. With ``sandbox`` they run under bwrap.

    Errors: ``DataferryError`` with file, line and row; nothing has changed then but the cache and the memo,
    where finished rows are kept. ``KeyboardInterrupt`` leaves no process and no temporary file behind.
    """
    if plan.is_empty:
        return Lock(tuple(_without_running(dataset) for dataset in plan.datasets))
    cache.sweep()
    try:
        with ExitStack() as stack:
            stack.enter_context(cache.adding())
            scratch = stack.enter_context(cache.scratch()).resolve()
            workplace = Workplace(text, name, cwd.resolve(), cache.folder.resolve(), scratch, sandbox)
            run = stack.enter_context(running(workplace, cache, report=report, jobs=jobs))
            return Lock(tuple(_executed(run, dataset) for dataset in plan.datasets))
    except FileNotFoundError as error:
        if not str(error.filename).startswith(str(cache.folder)):
            raise
        raise InvalidInput(
            f"What {name} is made from is not all here: {error.filename} is missing.",
            next_step="git datasets fetch, then commit again.",
        ) from error
    except OSError as error:
        if is_full(error):
            raise disk_full() from error
        raise


def _without_running(dataset: DatasetPlan) -> LockedDataset:
    groups = [
        RowGroup(group.source, group.fingerprint, group.kept.rows, _kept(dataset, group.kept.columns))
        for group in dataset.groups
        if group.kept is not None
    ]
    declared = dataset.declared
    return LockedDataset(declared.name, declared.remote, dataset.fields(), tuple(groups))


def _executed(run: Run, dataset: DatasetPlan) -> LockedDataset:
    groups: list[RowGroup] = []
    first = 0
    for planned in dataset.groups:
        group = _group(run, dataset, planned, first)
        groups.append(group)
        first += group.rows
    declared = dataset.declared
    return LockedDataset(declared.name, declared.remote, dataset.fields(), tuple(groups))


def _group(run: Run, dataset: DatasetPlan, planned: GroupPlan, first: int) -> RowGroup:
    declared = dataset.declared
    if planned.ingest is not None:
        group = IngestRun(run, declared, planned.ingest).rows()
    else:
        assert planned.kept is not None
        group = planned.kept
    columns = dict(group.columns)
    for old_field, field in planned.convert:
        place = Place(run.name, field.name, declared.line)
        columns[field.name] = convert(run, old_field, field, columns[field.name], first=first, place=place)
    for field in planned.fill:
        columns[field.name] = Column(write_column(run.cache, repeat(None, group.rows)))
    for transform in planned.compute:
        name = transform.field.name
        old = columns.get(name)
        if old is None or old.made_from != column_key(transform, columns):
            made = TransformRun(run, declared, transform, columns, first=first, rows=group.rows)
            columns[name] = made.column()
        elif (was := _before(dataset, name)) is not None and was != transform.field:
            place = Place(run.name, name, transform.line)
            columns[name] = convert(run, was, transform.field, old, first=first, place=place)
    return RowGroup(planned.source, planned.fingerprint, group.rows, _kept(dataset, columns))


def _before(dataset: DatasetPlan, name: str) -> Field | None:
    """A field as the lock has it."""
    fields = dataset.before.fields if dataset.before else ()
    return next((locked.field for locked in fields if locked.field.name == name), None)


def _kept(dataset: DatasetPlan, columns: Mapping[str, Column]) -> dict[str, Column]:
    """The columns of the fields that there are now; what is declared is made from nothing."""
    kept = {}
    for locked in dataset.fields():
        column = columns[locked.field.name]
        is_made = locked.fingerprint is not None
        kept[locked.field.name] = column if is_made else replace(column, made_from=None)
    return kept
