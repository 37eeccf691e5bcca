"""Small datasets in the true file formats of the plugins that are shipped: one module for each, named as it.

A module has ``FIXTURE``, a function without arguments that returns a ``Fixture``. The contract suite
(``tests/contract/test_plugins.py``) serves its ``files`` over HTTP, puts their addresses, sizes and checksums
into the plugin's own ``RemoteFile`` of the same ``path``, and then does to the plugin all that a person may
do. A plugin with remote files and without a module here fails that suite.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any


@dataclass(frozen=True)
class Fixture:
    """``files``: the bytes that its publisher would send, by the ``path`` of each ``RemoteFile``.
    ``changed``: what the small one declares in place of the true one: ``{"train_size": 20, "test_size": 8}``.
    """

    files: Mapping[str, bytes]
    changed: Mapping[str, Any] = field(default_factory=dict)


def fixture_of(name: str) -> Fixture | None:
    """The small dataset of a plugin; None where there is none."""
    module = f"{__name__}.{name}"
    if find_spec(module) is None:
        return None
    make: Callable[[], Fixture] = import_module(module).FIXTURE
    return make()
