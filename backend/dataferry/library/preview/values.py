"""One value of a typed file as text, as exactly as the file has it."""

import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any


class Figure(str):
    """A number as it was written."""

    __slots__ = ()


def text_of(value: Any) -> str | None:
    """A cell; None only for no value. Lists and structs are written as JSON, their numbers as they are."""
    if value is None or isinstance(value, str):
        return None if value is None else str(value)
    return _written(value, nested=False)


def _written(value: Any, *, nested: bool) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Figure():
            return str(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case int() | float():
            return repr(value)
        case dict():
            pairs = (
                f"{json.dumps(str(k), ensure_ascii=False)}: {_written(v, nested=True)}"
                for k, v in value.items()
            )
            return "{" + ", ".join(pairs) + "}"
        case list() | tuple():
            return "[" + ", ".join(_written(one, nested=True) for one in value) + "]"
        case Decimal():
            return format(value, "f")
        case datetime():
            text = value.isoformat(sep=" ")
        case date() | time():
            text = value.isoformat()
        case bytes() | bytearray():
            text = "".join(
                chr(byte) if 32 <= byte < 127 and byte != 92 else f"\\x{byte:02X}" for byte in value
            )
        case timedelta() | _:
            text = str(value)
    return json.dumps(text, ensure_ascii=False) if nested else text
