"""What the last line of a plugin's file does."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from dataferry.plugins.base import DatasetPlugin

Registered = TypeVar("Registered", bound=DatasetPlugin)

#: Those of the file that is being read; None outside of discovery.
_reading: ContextVar[list[DatasetPlugin] | None] = ContextVar("reading", default=None)
#: Those that were registered elsewhere, such as in a notebook.
registered: dict[str, DatasetPlugin] = {}


def register_dataset(plugin: Registered) -> Registered:
    """The last line of a plugin's file: it makes the dataset known. Returns the plugin.

    Errors: ``TypeError`` for a class in place of an object, and for what is no ``DatasetPlugin``.
    """
    if isinstance(plugin, type):
        raise TypeError(f"register_dataset() takes an object: register_dataset({plugin.__name__}())")
    if not isinstance(plugin, DatasetPlugin):
        raise TypeError(f"{type(plugin).__name__} is no DatasetPlugin")
    reading = _reading.get()
    if reading is None:
        registered[plugin.name] = plugin
    else:
        reading.append(plugin)
    return plugin


@contextmanager
def registrations() -> Iterator[list[DatasetPlugin]]:
    """What ``register_dataset`` is called with inside the block."""
    found: list[DatasetPlugin] = []
    token = _reading.set(found)
    try:
        yield found
    finally:
        _reading.reset(token)
