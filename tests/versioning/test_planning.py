"""What a commit would run, and what it leaves as it is; nothing here runs anything."""

from dataclasses import replace
from hashlib import sha256

import pytest

from dataferry.core.errors import InvalidInput
from dataferry.versioning.declare.index_file import read_index
from dataferry.versioning.execute.planning import Plan, plan
from dataferry.versioning.model.lock_file import Column, Lock, LockedDataset, RowGroup, column_key

BASE = """
@dataset(remote="store")
class Photos:
    image: File[png]
    label: str

    @ingest
    def first(): return [], []

    def small(image) -> File[png]: return image
    def width(small) -> int: return 1
"""
SECOND = "    @ingest\n    def second(): return 2\n"


def digest(*parts: object) -> str:
    return sha256(repr(parts).encode()).hexdigest()


def planned(text: str, lock: Lock | None) -> Plan:
    return plan(read_index(text), lock)


def done(wanted: Plan) -> Lock:
    """The lock after a plan, as if everything had run."""
    datasets = []
    for dataset in wanted.datasets:
        groups = []
        for group in dataset.groups:
            made = group.kept.columns if group.kept and group.is_empty else {}
            columns = {
                field.name: made.get(field.name) or Column(digest(field.name, group.fingerprint))
                for field in dataset.declared.fields
            }
            for transform in dataset.declared.transforms:
                key = column_key(transform, columns)
                columns[transform.field.name] = Column(digest(key, "made"), made_from=key)
            groups.append(RowGroup(group.source, group.fingerprint, 50, columns))
        declared = dataset.declared
        datasets.append(LockedDataset(declared.name, declared.remote, dataset.fields(), tuple(groups)))
    return Lock(tuple(datasets))


BEFORE = done(planned(BASE, None))


def work(wanted: Plan) -> list[tuple[str, bool, list[str]]]:
    """Of each group its source, whether it runs, and what is computed."""
    return [
        (group.source, group.ingest is not None, [each.field.name for each in group.compute])
        for dataset in wanted.datasets
        for group in dataset.groups
    ]


def test_a_new_file_runs_everything_and_then_nothing() -> None:
    wanted = planned(BASE, None)
    assert work(wanted) == [("first", True, ["small", "width"])]
    assert wanted.needs_code
    assert wanted.lines()[:2] == ["Photos is new.", "Photos: first runs and brings rows."]
    assert planned(BASE, BEFORE).is_empty
    assert planned(BASE, Lock.parse(str(BEFORE))).lines() == []


def test_a_class_without_an_ingest_has_no_rows_yet() -> None:
    wanted = planned("@dataset\nclass A:\n    a: int\n", None)
    assert (wanted.is_empty, wanted.needs_code, wanted.datasets[0].groups) == (True, False, ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A changed function is run for all rows, and so is what is made from its field.
        (BASE.replace("return image", "return None"), [("first", False, ["small", "width"])]),
        (BASE.replace("return 1", "return 2"), [("first", False, ["width"])]),
        (BASE.replace("return [], []", "return [1], [2]"), [("first", True, ["small", "width"])]),
        # An added ingest costs the rows that are there nothing.
        (BASE + SECOND, [("first", False, []), ("second", True, ["small", "width"])]),
        # One that is gone leaves its rows, one that has another name too.
        (BASE.replace("    @ingest\n    def first(): return [], []\n", ""), [("first", False, [])]),
        (BASE.replace("def first", "def begin"), [("begin", False, [])]),
        # Fields: gone, and new ones.
        (BASE.replace("    label: str\n", ""), [("first", False, [])]),
        (BASE.replace("    label", "    note: str | None\n    label"), [("first", False, [])]),
        (BASE.replace("    label", "    size: int\n    label"), [("first", True, ["small", "width"])]),
        # Another type: the values are checked and kept.
        (BASE.replace("File[png]\n", "File[png | jpg]\n"), [("first", False, [])]),
        (BASE.replace("-> int", "-> int | None"), [("first", False, [])]),
        (BASE.replace("-> int", "-> float"), [("first", False, ["width"])]),
    ],
)
def test_what_has_changed_is_done(text: str, expected: list[tuple[str, bool, list[str]]]) -> None:
    assert work(planned(text, BEFORE)) == expected


def test_fields_without_a_value_and_of_another_type_are_told() -> None:
    text = BASE.replace("    label: str", "    note: str | None\n    label: str | None")
    wanted = planned(text, BEFORE)
    (group,) = wanted.datasets[0].groups
    assert [field.name for field in group.fill] == ["note"]
    assert [(str(was), str(now)) for was, now in group.convert] == [("str", "str | None")]
    assert (wanted.is_empty, wanted.needs_code) == (False, False)
    assert wanted.lines() == [
        "Photos.label becomes str | None (it was str) in the 50 rows of first.",
        "Photos.note has no value in the 50 rows of first.",
    ]


def test_a_field_that_nobody_can_fill_is_refused_with_the_line() -> None:
    gone = BASE.replace("    @ingest\n    def first(): return [], []\n", "")
    with pytest.raises(InvalidInput, match=r"index\.py:3: size is new in Photos, and the 50 rows") as caught:
        planned(gone.replace("    label", "    size: int\n    label"), BEFORE)
    assert "size: int | None" in caught.value.next_step


def test_one_that_replaces_takes_the_place_of_all_before_it() -> None:
    replacing = SECOND.replace("@ingest", "@ingest(replace=True)")
    both = done(planned(BASE + SECOND, None))
    changed = planned(BASE + replacing.replace("return 2", "return 3"), both)
    assert work(changed) == [("second", True, ["small", "width"])]
    assert "Photos: the 50 rows of first are replaced." in changed.lines()
    after = done(changed)
    assert planned(BASE + replacing.replace("return 2", "return 3"), after).is_empty
    third = SECOND.replace("second", "third").replace("2", "4")
    assert work(planned(BASE + replacing.replace("2", "3") + third, after)) == [
        ("second", False, []),
        ("third", True, ["small", "width"]),
    ]


def test_other_names_of_the_class_and_the_remote_run_nothing() -> None:
    renamed = planned(BASE.replace("Photos", "Pictures").replace('"store"', '"other"'), BEFORE)
    assert renamed.is_empty
    assert renamed.lines() == ["Photos is called Pictures.", "Pictures is pushed to other."]
    other = planned("@dataset\nclass Other:\n    a: int\n", BEFORE)
    assert other.lines() == ["Other is new.", "Photos is taken out, with its rows."]


def test_a_column_that_a_merge_left_stale_is_made_again() -> None:
    (dataset,) = BEFORE.datasets
    (group,) = dataset.groups
    columns = {name: column for name, column in group.columns.items() if name != "small"}
    stale = Lock((replace(dataset, groups=(replace(group, columns=columns),)),))
    assert work(planned(BASE, stale)) == [("first", False, ["small", "width"])]
