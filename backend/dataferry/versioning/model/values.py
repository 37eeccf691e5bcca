"""Whether a value is one of a field: what it is kept as, or what is wrong with it."""

import math
import os
from datetime import date, datetime
from numbers import Integral, Real
from pathlib import PurePosixPath

from dataferry.versioning.model.columns import StoredFile, Value
from dataferry.versioning.model.schema import Field

_INT_BITS = 64


class WrongValue(Exception):
    """A value that its field does not take. The text is the end of a sentence that begins with the field and
    its row: ``is 3.5, of the type float; …``."""


def checked(field: Field, value: object) -> Value:
    """A scalar as it is kept: a date as its ISO text, a path as its POSIX text.

    Numbers of NumPy are numbers. NaN is no value, as pandas has it. Errors: ``WrongValue``.
    """
    if value is None or (field.kind == "float" and isinstance(value, Real) and _is_nan(value)):
        if field.optional:
            return None
        raise WrongValue(f"has {'no value' if value is None else 'NaN'}; a field {field} | None may")
    return _CHECKS[field.kind](value)


def retyped(was: Field, field: Field, value: Value) -> Value:
    """A value that is kept, for a field whose type has changed. Errors: ``WrongValue``."""
    if value is None:
        if field.optional:
            return None
        raise WrongValue("has no value")
    if isinstance(value, StoredFile):
        if field.kind != "file":
            raise WrongValue("is a file")
        if is_of(value, field):
            return value
        raise WrongValue(f"is {value.extension}")
    if was.kind == field.kind:
        return value
    if field.kind == "float" and was.kind == "int":
        return _float(value)
    if field.kind == "str" and was.kind in ("date", "path"):
        return value
    if field.kind == "path" and was.kind == "str":
        return _path(value)
    if field.kind == "date" and was.kind == "str":
        try:
            return date.fromisoformat(str(value)).isoformat()
        except ValueError as error:
            raise WrongValue(f"is {_shown(value)}, which is no date such as 2026-11-30") from error
    raise WrongValue(f"is {_shown(value)}, of the type {was.kind}")


def is_of(file: StoredFile, field: Field) -> bool:
    """Whether a file has one of a field's formats."""
    return file.extension.split(".")[0] in field.formats or "bin" in field.formats


def _is_nan(value: Real) -> bool:
    return not isinstance(value, Integral) and math.isnan(value)


def _int(value: object) -> Value:
    if not isinstance(value, Integral) or _is_bool(value):
        raise _wrong(value, "an int")
    number = int(value)
    if not -(2 ** (_INT_BITS - 1)) <= number < 2 ** (_INT_BITS - 1):
        raise WrongValue(f"is an int of {number.bit_length()} bits; SQLite keeps {_INT_BITS}: make it a str")
    return number


def _float(value: object) -> Value:
    if not isinstance(value, Real) or _is_bool(value):
        raise _wrong(value, "a float")
    try:
        return float(value)
    except OverflowError as error:
        raise WrongValue("is an int that no float can hold") from error


def _str(value: object) -> Value:
    if not isinstance(value, str):
        raise _wrong(value, "a str")
    return _text(str(value))


def _bool(value: object) -> Value:
    if not _is_bool(value):
        raise _wrong(value, "a bool")
    return bool(value)


def _date(value: object) -> Value:
    if isinstance(value, datetime):
        raise WrongValue(f"is {value}, with a time; write .date() after it, or keep it as a str")
    if not isinstance(value, date):
        raise _wrong(value, "a date")
    return value.isoformat()


def _path(value: object) -> Value:
    if not isinstance(value, str | os.PathLike):
        raise _wrong(value, "a Path")
    written = os.fspath(value)
    if not isinstance(written, str):
        raise _wrong(value, "a Path")
    path = PurePosixPath(_text(written.replace(os.sep, "/")))
    if path.is_absolute() or ".." in path.parts:
        raise WrongValue(f"is {written}, which leads out of the repository; make it a str, or a File")
    return str(path)


_CHECKS = {"int": _int, "float": _float, "str": _str, "bool": _bool, "date": _date, "path": _path}


def _text(text: str) -> str:
    if "\0" in text:
        raise WrongValue("has a zero byte in its text, where SQLite ends it")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise WrongValue(f"is {_shown(text)}, which is no Unicode text") from error
    return text


def _is_bool(value: object) -> bool:
    return isinstance(value, bool) or type(value).__name__ in ("bool_", "bool")


def _wrong(value: object, expected: str) -> WrongValue:
    return WrongValue(f"is {_shown(value)}, of the type {type(value).__name__}, and not {expected}")


def _shown(value: object) -> str:
    text = ascii(value) if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
