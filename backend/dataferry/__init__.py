"""Dataferry: ask for a dataset in words; it arrives on your own machine, verified.

>>> import dataferry
>>> iris = dataferry.load("builtin:iris")
>>> frame = iris["train"].to_pandas()
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

#: What programs use, and where it is. It is imported when it is first used: the import of this package alone
#: takes no time. ``__init__.pyi`` tells type checkers the same.
_PUBLIC = {
    "connect": "dataferry.client.connection",
    "download": "dataferry.client.connection",
    "load": "dataferry.client.connection",
    "search": "dataferry.client.connection",
    "Connection": "dataferry.client.connection",
    "LibraryDataset": "dataferry.client.connection",
    "SearchResult": "dataferry.client.connection",
    "Dataset": "dataferry.client.dataset",
    "UnknownTable": "dataferry.client.dataset",
    "ImageTable": "dataferry.client.image_table",
    "Table": "dataferry.client.table",
    "MissingLibraryError": "dataferry.client.optional",
    "DataferryError": "dataferry.core.errors",
}


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_PUBLIC]
