"""Reads one file of a person's folder: a Python module, or a TOML manifest.

A module is read anew each time, under the name ``dataferry.plugins.own.<file>``, so that ``from ..base import
DatasetPlugin`` finds this package, and the names of the older project (``app.config`` …) are there while it
runs (``older_names``).
"""

import ast
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from threading import Timer
from types import ModuleType

from dataferry.plugins import older_names
from dataferry.plugins.base import DatasetPlugin
from dataferry.plugins.faults import PluginFault, fault_of
from dataferry.plugins.registration import registrations
from dataferry.plugins.toml_plugin import read_manifest

_PACKAGE = "dataferry.plugins.own"
#: After so long whoever waits for a file is told which.
_SLOW_S = 5.0

_log = logging.getLogger(__name__)


def read_plugin_file(file: Path, store: Path) -> Iterator[DatasetPlugin | PluginFault]:
    """What a file declares, with its data to lie in ``store``; or what is wrong with it."""
    if file.suffix == ".toml":
        read = read_manifest(file)
        yield read if isinstance(read, PluginFault) else read.placed(store, file)
        return
    folder = older_names.datasets_folder(store, file)
    try:
        with registrations() as found, older_names.available(folder), told_if_slow(file):
            module = _run(file)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a person's code may raise anything
        yield fault_of(error, str(file), file)
        return
    declared = getattr(module, "PLUGIN", None)
    if isinstance(declared, DatasetPlugin) and declared not in found:
        found.append(declared)
    if not found:
        yield _nothing_registered(file)
    for plugin in found:
        placed = plugin.placed(store, file)
        if placed.fetches_itself:
            placed._root = folder
        yield placed


@contextmanager
def told_if_slow(file: Path) -> Iterator[None]:
    """Name the file in the log if the block takes long."""
    text = "the start waits for the plugin %s, whose import has been running for %g s"
    timer = Timer(_SLOW_S, _log.warning, (text, file, _SLOW_S))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _run(file: Path) -> ModuleType:
    """The module of a file. Errors: whatever its code raises."""
    package = sys.modules.setdefault(_PACKAGE, ModuleType(_PACKAGE))
    package.__path__ = [str(file.parent)]
    spec = spec_from_file_location(f"{_PACKAGE}.{file.stem}", file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python module")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # pickle and dataclasses look a class's module up
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[spec.name]
        raise
    return module


def _nothing_registered(file: Path) -> PluginFault:
    classes = [
        node for node in ast.parse(file.read_bytes()).body if isinstance(node, ast.ClassDef) and node.bases
    ]
    name = classes[-1].name if classes else "MyPlugin"
    return PluginFault(
        "not_registered",
        str(file),
        "It registers no dataset, so that none appears.",
        f"End the file with register_dataset({name}()).",
        line=classes[-1].lineno if classes else None,
    )
