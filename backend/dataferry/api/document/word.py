"""What the document says of a field or a parameter."""

from typing import Any, NamedTuple


class Word(NamedTuple):
    """``meaning``: one or two sentences. ``example``: None where the type says enough."""

    meaning: str
    example: Any = None
