"""What a commit would do: which functions of an index file run, and for which rows. Nothing runs here.

Rows stand in groups, one an ingest. An ingest that is new brings a group, one that has changed brings its
group anew, one that is gone leaves its rows. A computed column is made where it is missing or where its
function or its inputs have changed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dataferry.core.errors import InvalidInput
from dataferry.versioning.declare.links import in_order
from dataferry.versioning.model.lock_file import Lock, LockedDataset, LockedField, RowGroup, column_key
from dataferry.versioning.model.schema import DatasetClass, Field, IndexFile, Ingest, Transform


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """What becomes of the rows of one ingest, ``source``.

    ``ingest`` runs if it is given; else the rows are those of ``kept``. ``convert``: fields whose values are
    there and whose type has changed, with the field as it was; ``fill``: optional fields that no row has a
    value of yet; ``compute``: transforms that may have to run, in their order.
    """

    source: str
    fingerprint: str
    ingest: Ingest | None = None
    kept: RowGroup | None = None
    convert: tuple[tuple[Field, Field], ...] = ()
    fill: tuple[Field, ...] = ()
    compute: tuple[Transform, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.ingest or self.convert or self.fill or self.compute)


@dataclass(frozen=True, slots=True)
class DatasetPlan:
    """What becomes of one class. ``before``: what the lock has of it, perhaps under another name."""

    declared: DatasetClass
    before: LockedDataset | None
    groups: tuple[GroupPlan, ...]

    @property
    def dropped(self) -> tuple[str, ...]:
        """Fields that the lock has and the class no more."""
        names = {field.name for field in self.declared.columns}
        return tuple(
            locked.field.name
            for locked in (self.before.fields if self.before else ())
            if locked.field.name not in names
        )

    def fields(self) -> tuple[LockedField, ...]:
        """As the lock will have them."""
        made = (
            LockedField(transform.field, transform.inputs, transform.fingerprint)
            for transform in self.declared.transforms
        )
        return (*(LockedField(field) for field in self.declared.fields), *made)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a commit does with an index file."""

    datasets: tuple[DatasetPlan, ...]
    removed: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether all columns stay as they are. The lock may change nonetheless: a remote's name, a field
        that is dropped."""
        return all(group.is_empty for dataset in self.datasets for group in dataset.groups)

    @property
    def needs_code(self) -> bool:
        """Whether functions of the index file would run, so that it has to be trusted."""
        return any(group.ingest or group.compute for dataset in self.datasets for group in dataset.groups)

    def lines(self) -> list[str]:
        """What would be done, a sentence each."""
        return [
            *(line for dataset in self.datasets for line in _lines(dataset)),
            *(f"{name} is taken out, with its rows." for name in self.removed),
        ]


def plan(index: IndexFile, lock: Lock | None, *, name: str = "index.py") -> Plan:
    """What has to be done so that the lock describes the index file.

    ``name`` is what errors call the file. Errors: ``InvalidInput`` for a change that cannot be made, such as
    a field that is new in a class whose rows' ingest is gone.
    """
    before = {dataset.name: dataset for dataset in (lock.datasets if lock else ())}
    renamed = _renamed(index, before)
    datasets = [
        _plan_dataset(each, before.get(renamed.get(each.name, each.name)), name) for each in index.classes
    ]
    kept = {dataset.before.name for dataset in datasets if dataset.before}
    return Plan(tuple(datasets), tuple(each for each in before if each not in kept))


def _renamed(index: IndexFile, before: dict[str, LockedDataset]) -> dict[str, str]:
    """The class that has another name now, by its new one: the only new one, for the only one gone."""
    new = [each for each in index.classes if each.name not in before]
    gone = [each for name, each in before.items() if all(name != other.name for other in index.classes)]
    if len(new) == len(gone) == 1 and {field.name for field in new[0].fields} & {
        locked.field.name for locked in gone[0].fields
    }:
        return {new[0].name: gone[0].name}
    return {}


def _plan_dataset(declared: DatasetClass, before: LockedDataset | None, name: str) -> DatasetPlan:
    groups = tuple(_plan_group(declared, before, group, name) for group in _groups(declared, before))
    return DatasetPlan(declared, before, groups)


def _groups(declared: DatasetClass, before: LockedDataset | None) -> list[GroupPlan]:
    """The groups in their order: those that are there, then those of new ingests. What a replacing ingest
    brings takes the place of all before it."""
    found = (
        [GroupPlan(group.source, group.fingerprint, kept=group) for group in before.groups] if before else []
    )
    ingests = _from_last_replacing(declared.ingests)
    for ingest in ingests:
        at = _position(found, ingest, declared)
        if at is None:
            found = [] if ingest.replace else found
            found.append(GroupPlan(ingest.name, ingest.fingerprint, ingest=ingest))
        elif found[at].fingerprint == ingest.fingerprint:
            found[at] = GroupPlan(ingest.name, ingest.fingerprint, kept=found[at].kept)
        else:
            changed = GroupPlan(ingest.name, ingest.fingerprint, ingest=ingest)
            later = {each.name for each in ingests if each is not ingest}
            rest = [group for group in found[at + 1 :] if group.source in later]
            found = [changed, *rest] if ingest.replace else [*found[:at], changed, *found[at + 1 :]]
    return found


def _from_last_replacing(ingests: Sequence[Ingest]) -> Sequence[Ingest]:
    """Ingests before one that replaces all rows have nothing to bring."""
    last = max((number for number, ingest in enumerate(ingests) if ingest.replace), default=0)
    return ingests[last:]


def _position(groups: Sequence[GroupPlan], ingest: Ingest, declared: DatasetClass) -> int | None:
    """Which group an ingest brought: that of its name, or of its fingerprint if only its name has changed."""
    names = {each.name for each in declared.ingests}
    for number, group in enumerate(groups):
        if group.source == ingest.name:
            return number
    for number, group in enumerate(groups):
        if group.source not in names and group.fingerprint == ingest.fingerprint:
            return number
    return None


def _plan_group(
    declared: DatasetClass, before: LockedDataset | None, group: GroupPlan, name: str
) -> GroupPlan:
    ordered = in_order(None, declared.transforms)
    if group.kept is None or before is None:
        return GroupPlan(group.source, group.fingerprint, group.ingest, None, (), (), tuple(ordered))
    convert: list[tuple[Field, Field]] = []
    fill: list[Field] = []
    was = {locked.field.name: locked.field for locked in before.fields}
    for field in declared.fields:
        if field.name in group.kept.columns and field.name in was:
            if was[field.name] != field:
                convert.append((was[field.name], field))
        elif field.optional:
            fill.append(field)
        else:
            ingest = next((each for each in declared.ingests if each.name == group.source), None)
            if ingest is None:
                raise _no_values(declared, field, group.kept, name)
            return GroupPlan(group.source, group.fingerprint, ingest, None, (), (), tuple(ordered))
    changed = {field.name for before_it, field in convert if before_it.kind != field.kind}
    changed |= {field.name for field in fill}
    compute = tuple(_stale(ordered, group.kept, was, changed))
    retyped = [
        (was[each.field.name], each.field)
        for each in ordered
        if each not in compute and was[each.field.name] != each.field
    ]
    return GroupPlan(
        group.source, group.fingerprint, None, group.kept, (*convert, *retyped), tuple(fill), compute
    )


def _stale(
    ordered: Sequence[Transform], group: RowGroup, was: dict[str, Field], changed: set[str]
) -> Iterator[Transform]:
    """The transforms whose column is missing, or may be another than it was."""
    changed = set(changed)
    for transform in ordered:
        column = group.columns.get(transform.field.name)
        if (
            column is None
            or transform.field.name not in was
            or changed.intersection(transform.inputs)
            or column.made_from != column_key(transform, group.columns)
        ):
            changed.add(transform.field.name)
            yield transform


def _no_values(declared: DatasetClass, field: Field, group: RowGroup, name: str) -> InvalidInput:
    return InvalidInput(
        f"{name}:{declared.line}: {field.name} is new in {declared.name}, and the {group.rows:,} rows that "
        f"{group.source} brought have no value of it.",
        next_step=f"Write {field.name}: {field} | None, make it by a transform, or bring {group.source} back "
        "so that it returns one.",
    )


def _lines(dataset: DatasetPlan) -> Iterator[str]:
    name, before = dataset.declared.name, dataset.before
    if before is None:
        yield f"{name} is new."
    elif before.name != name:
        yield f"{before.name} is called {name}."
    if before is not None and before.remote != dataset.declared.remote:
        yield f"{name} is pushed to {dataset.declared.remote or 'no remote'}."
    for field in dataset.dropped:
        yield f"{name}.{field} is dropped."
    sources = {group.source for group in dataset.groups}
    for gone in before.groups if before else ():
        if gone.source not in sources and all(gone != group.kept for group in dataset.groups):
            yield f"{name}: the {gone.rows:,} rows of {gone.source} are replaced."
    for group in dataset.groups:
        yield from _group_lines(name, group)


def _group_lines(name: str, group: GroupPlan) -> Iterator[str]:
    rows = f"the {group.kept.rows:,} rows of {group.source}" if group.kept else f"the rows of {group.source}"
    if group.ingest:
        yield f"{name}: {group.source} runs and brings rows."
    for was, field in group.convert:
        yield f"{name}.{field.name} becomes {field} (it was {was}) in {rows}."
    for field in group.fill:
        yield f"{name}.{field.name} has no value in {rows}."
    for transform in group.compute:
        yield f"{name}.{transform.field.name} is made for {rows}."
