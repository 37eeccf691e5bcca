"""What a plugin must have before anybody calls it: looked for when it is found, and again by ``validate``."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dataferry.core.specs import SOURCES
from dataferry.plugins.base import AnyPlugin, DatasetPlugin, TextPlugin
from dataferry.plugins.contract import Plugin

_METHODS = (
    "is_available",
    "download",
    "clear_data",
    "load_train",
    "load_val",
    "load_test",
    "scan_splits",
)
_DETECTION = ("category_id_map", "category_id_to_name", "wrap_for_training")


@dataclass(frozen=True, slots=True)
class Missing:
    """``member`` is the one to write; ``why`` and ``next_step`` are whole sentences."""

    member: str
    why: str
    next_step: str


def missing_members(plugin: AnyPlugin) -> list[Missing]:
    """What the contract asks for and the plugin lacks, or has in a form that nothing can use."""
    if isinstance(plugin, Plugin):
        return list(_name(plugin))
    checks = (_name, _methods, _source, _task, _detection)
    return [missing for check in checks for missing in check(plugin)]


def _name(plugin: Any) -> Iterator[Missing]:
    pattern = SOURCES["builtin"].id_pattern
    if not isinstance(plugin.name, str) or not re.fullmatch(pattern or "", plugin.name):
        yield Missing(
            "name",
            f"Its name is {plugin.name!r}.",
            "Name it in lower case: a letter, then letters, digits, _ or -.",
        )
    elif not plugin.title:
        yield Missing("display_name", "It has no display_name.", "Say what people are to read.")


def _methods(plugin: DatasetPlugin) -> Iterator[Missing]:
    for member in _METHODS:
        if not callable(getattr(plugin, member, None)):
            yield Missing(
                member, f"{member} is no method.", f"Write {member}(self), or leave it to DatasetPlugin."
            )


def _source(plugin: DatasetPlugin) -> Iterator[Missing]:
    kind = type(plugin)
    if not plugin.files and not plugin.fetches_itself:
        yield Missing("files", "It has neither files nor a download of its own.", "Give it files.")
    reads = kind.read is not DatasetPlugin.read
    if not reads and kind.load_train is DatasetPlugin.load_train:
        yield Missing("read", "It has neither read() nor load_train().", "Write read(self, split).")


def _task(plugin: DatasetPlugin) -> Iterator[Missing]:
    known = ("text",) if isinstance(plugin, TextPlugin) else ("classification", "detection")
    if plugin.task_type not in known:
        yield Missing("task_type", f"Its task_type is {plugin.task_type!r}.", f"Use {' or '.join(known)}.")


def _detection(plugin: DatasetPlugin) -> Iterator[Missing]:
    if plugin.task_type != "detection":
        return
    for member in _DETECTION:
        if not hasattr(plugin, member):
            yield Missing(
                member,
                f"A detection plugin needs {member}.",
                "Derive it from DetectionPlugin, or write a property that returns {id: name}.",
            )
