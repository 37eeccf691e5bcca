"""The rows of what an ingest returns: lists for each field, or rows one by one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from itertools import zip_longest

from dataferry.versioning.model.schema import Field

Row = Sequence[object]


class WrongResult(Exception):
    """What an ingest returns cannot be read as rows. The text is the end of a sentence that begins with the
    function's name. ``row``: where it was met, from 0, if that is in one row."""

    def __init__(self, text: str, row: int | None = None) -> None:
        super().__init__(text)
        self.row = row


def rows_of(result: object, fields: Sequence[Field]) -> tuple[Iterator[Row], int]:
    """The rows, in the order of the fields, and how many there are, 0 if that is not known.

    A tuple or a list has one list for each field, in their order, and a dict one by each name. An iterator
    has rows: tuples in the order of the fields, or dicts. Where there is only one field its list, or its
    values, will do. Errors: ``WrongResult``, also from the iterator.
    """
    if isinstance(result, Mapping):
        return _columns([_of_field(result, field) for field in fields], fields)
    if isinstance(result, Iterator):
        return _checked_rows(result, fields), 0
    if isinstance(result, tuple | list):
        if result and all(isinstance(row, Mapping) for row in result):
            return _checked_rows(iter(result), fields), len(result)
        if len(fields) == 1 and not (len(result) == 1 and _is_list(result[0])):
            return ((value,) for value in result), len(result)
        return _columns(_one_for_each(result, fields), fields)
    if len(fields) == 1 and _is_list(result):
        return _columns([result], fields)
    raise WrongResult(f"returned {_kind(result)}, and is to return one list for each field: {_names(fields)}")


def _of_field(result: Mapping[object, object], field: Field) -> object:
    if field.name not in result:
        raise WrongResult(f"returned a dict without {field.name}")
    return result[field.name]


def _one_for_each(result: Sequence[object], fields: Sequence[Field]) -> Sequence[object]:
    if len(result) != len(fields):
        hint = ""
        if result and all(isinstance(row, tuple) for row in result):
            hint = "; rows are given one by one, by yield or iter(rows)"
        raise WrongResult(
            f"returned {len(result)} lists, and there are {len(fields)} fields: {_names(fields)}{hint}"
        )
    if isinstance(result, list) and len(result) > 1 and all(isinstance(column, tuple) for column in result):
        raise WrongResult(
            "returned a list of tuples, which may be rows or columns: return lists, or iter(…) of rows"
        )
    return result


def _columns(columns: Sequence[object], fields: Sequence[Field]) -> tuple[Iterator[Row], int]:
    lists: list[Iterable[object]] = []
    for column, field in zip(columns, fields, strict=True):
        if not _is_list(column) and not isinstance(column, Iterator):
            raise WrongResult(f"returned {_kind(column)} for {field.name}, and not a list")
        assert isinstance(column, Iterable)
        lists.append(column)
    lengths = {
        field.name: len(column)
        for field, column in zip(fields, lists, strict=True)
        if isinstance(column, Sized)
    }
    if len(set(lengths.values())) > 1:
        raise WrongResult(f"returned lists of unequal length: {_lengths(lengths)}")
    return _zipped(lists, fields), next(iter(lengths.values()), 0)


_END = object()


def _zipped(columns: Sequence[Iterable[object]], fields: Sequence[Field]) -> Iterator[Row]:
    for number, row in enumerate(zip_longest(*columns, fillvalue=_END)):
        if any(value is _END for value in row):
            ended = [field.name for field, value in zip(fields, row, strict=True) if value is _END]
            raise WrongResult(f"returned lists of unequal length: {_listed(ended)} ended first", number)
        yield row


def _checked_rows(rows: Iterator[object], fields: Sequence[Field]) -> Iterator[Row]:
    names = {field.name for field in fields}
    for number, row in enumerate(rows):
        if isinstance(row, Mapping):
            if unknown := [str(name) for name in row if name not in names]:
                raise WrongResult(f"gave {_listed(unknown)}, and there is no such field", number)
            missing = [field.name for field in fields if field.name not in row and not field.optional]
            if missing:
                raise WrongResult(f"gave no {_listed(missing)}", number)
            yield [row.get(field.name) for field in fields]
        elif len(fields) == 1 and not isinstance(row, tuple):
            yield (row,)
        elif not isinstance(row, tuple | list):
            raise WrongResult(
                f"gave {_kind(row)}, and a row is a tuple or a dict of {_names(fields)}", number
            )
        elif len(row) != len(fields):
            raise WrongResult(
                f"gave {len(row)} values, and there are {len(fields)} fields: {_names(fields)}", number
            )
        else:
            yield row


def _is_list(value: object) -> bool:
    """Anything that has an order and a length, such as an array of NumPy."""
    if isinstance(value, str | bytes | Mapping | set | frozenset):
        return False
    return isinstance(value, Sized) and isinstance(value, Iterable) and not hasattr(value, "columns")


def _kind(value: object) -> str:
    return "nothing" if value is None else f"something of the type {type(value).__name__}"


def _names(fields: Sequence[Field]) -> str:
    return _listed([field.name for field in fields])


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


def _lengths(lengths: Mapping[str, int]) -> str:
    return _listed([f"{name} has {length:,}" for name, length in lengths.items()])
