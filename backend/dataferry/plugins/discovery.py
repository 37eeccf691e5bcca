"""Finds the built-in datasets: those of this package, of a person's folder, and of other packages.

In the folder (``DATAFERRY_PLUGINS_DIR``) one file is one dataset: a Python module that ends with
``register_dataset(MyPlugin())``, or a TOML manifest (``toml_plugin``). Another package declares one as an
entry point of the group ``dataferry.plugins``
(https://packaging.python.org/en/latest/specifications/entry-points/), which names its object::

    [project.entry-points."dataferry.plugins"]
    penguins = "my_package.penguins:PLUGIN"
"""

import logging
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Literal

from dataferry.core.settings import Settings
from dataferry.plugins import datasets
from dataferry.plugins.base import AnyPlugin, DatasetPlugin
from dataferry.plugins.contract import Plugin
from dataferry.plugins.declared import unusable_member
from dataferry.plugins.faults import PluginFault, fault_of, file_of, line_of
from dataferry.plugins.person import read_plugin_file
from dataferry.plugins.required import missing_members
from dataferry.plugins.trial import ENTRY, Subject, tried

ENTRY_POINT_GROUP = "dataferry.plugins"
Origin = Literal["dataferry", "folder", "package"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FoundPlugin:
    """A plugin, who brings it, and the file that it was read from."""

    plugin: AnyPlugin
    origin: Origin
    file: str


class Plugins(Mapping[str, AnyPlugin]):
    """Plugins by name, in alphabetical order, and what is wrong with those that are left out.

    ``read`` has the plugins of every place that was looked at, and what is wrong there; of two of one name
    the first stays.
    """

    def __init__(self, read: Iterable[FoundPlugin | PluginFault]) -> None:
        found: dict[str, FoundPlugin] = {}
        faults: list[PluginFault] = []
        for one in read:
            fault = one if isinstance(one, PluginFault) else _fault(one, found)
            if fault is not None:
                _log.warning("a built-in dataset is left out: %s", fault)
                faults.append(fault)
            elif isinstance(one, FoundPlugin):
                found[one.plugin.name] = one
        self.found: Mapping[str, FoundPlugin] = dict(sorted(found.items()))
        self.faults = tuple(faults)

    def __getitem__(self, name: str) -> AnyPlugin:
        return self.found[name].plugin

    def __iter__(self) -> Iterator[str]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)


def installed_plugins(settings: Settings) -> Plugins:
    """Every plugin of this installation, looked for once in a process."""
    return _installed(settings.plugins_folder, settings.store)


@cache
def builtin_datasets() -> Mapping[str, AnyPlugin]:
    """Those that installed packages bring, this one first; without a person's own."""
    return Plugins([*_own(None), *_of_other_packages(None)])


@cache
def _installed(folder: Path, store: Path) -> Plugins:
    return discover(folder, store)


def discover(folder: Path, store: Path) -> Plugins:
    """Look for every plugin; the data of each is to lie in ``store``."""
    return Plugins([*_own(store), *_of_folder(folder, store), *_of_other_packages(store)])


def _fault(one: FoundPlugin, known: Mapping[str, FoundPlugin]) -> PluginFault | None:
    """Why a plugin is left out; None for one that is as it should be."""
    try:
        missing = next(iter(missing_members(one.plugin)), None)
        unusable = unusable_member(one.plugin) if missing is None else None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # what it declares may be code too
        detail = f"What it declares cannot be read: {type(error).__name__}: {error}."
        line = line_of(error, file_of(one.plugin))
        return PluginFault("contract", one.file, detail, "Mend that, then start again.", line=line)
    if missing is not None:
        why = f"{missing.member} is missing or wrong. {missing.why}"
        return PluginFault("contract", one.file, why, missing.next_step, name=one.plugin.name or None)
    if unusable is not None:
        why = "{} is of another kind than the contract says: {}.".format(*unusable)
        return PluginFault("contract", one.file, why, "Mend that, then start again.", name=one.plugin.name)
    first = known.get(one.plugin.name)
    if first is None:
        return None
    return PluginFault(
        "name_taken",
        one.file,
        f"There is a dataset named {one.plugin.name!r} already, in {Path(first.file).name};"
        " this one is left out.",
        "Give it another name.",
        name=one.plugin.name,
    )


def _own(store: Path | None) -> Iterator[FoundPlugin | PluginFault]:
    """The ``PLUGIN`` of each module in ``datasets/``."""
    for module in pkgutil.iter_modules(datasets.__path__):
        file = Path(datasets.__path__[0], f"{module.name}.py")
        name = f"{datasets.__name__}.{module.name}"
        yield _loaded(partial(_plugin_of, name), "dataferry", str(file), file, store)


def _plugin_of(module: str) -> object:
    return import_module(module).PLUGIN


def _of_folder(folder: Path, store: Path) -> Iterator[FoundPlugin | PluginFault]:
    """The plugins of a person's folder; a file that begins with ``_`` or ``.`` is none."""
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix in (".py", ".toml"))
    except FileNotFoundError:
        return
    except OSError as error:
        detail = f"The plugins' folder cannot be read: {error.strerror}."
        yield PluginFault("import", str(folder), detail, "Give it to this user, or choose another.")
        return
    files = [file for file in files if not file.name.startswith(("_", "."))]
    code = [Subject.of_file(file) for file in files if file.suffix == ".py"]
    refused = {subject.file: fault for subject, fault in tried(code, store).items()}
    for file in files:
        for one in [refused[file]] if file in refused else read_plugin_file(file, store):
            yield one if isinstance(one, PluginFault) else FoundPlugin(one, "folder", str(file))


def _of_other_packages(store: Path | None) -> Iterator[FoundPlugin | PluginFault]:
    entries = sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: entry.name)
    refused = {subject.name: fault for subject, fault in tried(list(map(_subject, entries)), store).items()}
    for entry in entries:
        yield refused.get(_subject(entry).name) or read_entry(entry, store)


def read_entry(entry: EntryPoint, store: Path | None) -> FoundPlugin | PluginFault:
    """The plugin that another package declares, with its data to lie in ``store``; or why there is none."""
    return _loaded(entry.load, "package", entry.value, _file_of(entry), store)


def _subject(entry: EntryPoint) -> Subject:
    version = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "?"
    name = f"{ENTRY}{entry.name}={entry.value}"
    return Subject(name, entry.value, _file_of(entry) or Path(entry.module), version)


def _loaded(
    load: Callable[[], object], origin: Origin, where: str, file: Path | None, store: Path | None
) -> FoundPlugin | PluginFault:
    """A module's plugin, with its data in ``store``, or why there is none."""
    try:
        plugin = load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # another's code may raise anything
        return fault_of(error, where, file)
    if isinstance(plugin, DatasetPlugin):
        plugin = plugin if store is None else plugin.placed(store, file)
    elif not isinstance(plugin, Plugin):
        detail = f"{where} is a {type(plugin).__name__}, and no Plugin or DatasetPlugin."
        return PluginFault("not_registered", where, detail, "Name an object of one of the two.")
    return FoundPlugin(plugin, origin, where)


def _file_of(entry: EntryPoint) -> Path | None:
    """The file of an entry point's module, for the line of an error in it."""
    found = entry.dist.locate_file(entry.module.replace(".", "/")) if entry.dist else None
    if found is None:
        return None
    module = Path(str(found))
    return module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
