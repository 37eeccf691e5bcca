"""Names for the enumerations, so that generated clients have one type for each."""

from collections.abc import Sequence
from typing import Any, get_args

from dataferry.accounts.views import TokenScope
from dataferry.api.document.walk import SCHEMA_PREFIX, operations, schemas
from dataferry.chat.views import MessageStatus
from dataferry.core.job_types import DatasetJobKind, JobPriority, JobState
from dataferry.core.specs import JOB_KINDS, SOURCES
from dataferry.core.types import SOURCE_LABELS, SOURCE_NAMES, Grade, Phase
from dataferry.explorer.sql_views import ChartKind
from dataferry.library.additions.views import Mode
from dataferry.library.check_views import Condition
from dataferry.plugins.contract import SPLIT_NAMES
from dataferry.sources.base import Sort
from dataferry.sources.licence_table import Permission
from dataferry.uploads.views import UploadAction, UploadCategory, UploadStatus

#: Name → values and meaning of those that stand in several places. Others get the name of their place.
_SHARED: dict[str, tuple[Sequence[str], str]] = {
    "SourceName": (SOURCE_NAMES, "A source, as programs name it."),
    "SourceLabel": (tuple(SOURCE_LABELS.values()), "A source, as people read it."),
    "HubName": ([spec.name for spec in SOURCES.values() if spec.hub], "A source that has accounts."),
    "JobKind": (tuple(JOB_KINDS), "What a job does."),
    "DatasetJobKind": (get_args(DatasetJobKind), "What a job does with a dataset."),
    "JobState": (get_args(JobState), "How far a job is: the last three are final."),
    "JobPriority": (get_args(JobPriority), "How soon a job starts, and its share of the line."),
    "Phase": (get_args(Phase), "What a running job does now."),
    "Grade": (
        get_args(Grade),
        "Whose word a checksum is: the publisher's hash, a check in transport, or our own at first use.",
    ),
    "LocalStatus": (
        ("absent", "downloaded", *get_args(JobState)),
        "Whether a dataset is here, or its job's state.",
    ),
    "FilesCondition": (get_args(Condition), "What the last check of a dataset's files found."),
    "DatasetVisibility": (
        ("public", "restricted"),
        "Whether everybody here sees it, or those whose own access was checked.",
    ),
    "AdditionMode": (
        get_args(Mode),
        "A new dataset, or more or other files for one.",
    ),
    "MessageStatus": (get_args(MessageStatus), "Whether a message is whole."),
    "LicencePermission": (
        get_args(Permission),
        "What a licence's text allows, the strictest last.",
    ),
    "TokenScope": (get_args(TokenScope), "What a personal token may: each what those before it may."),
    "SplitName": (SPLIT_NAMES, "A part of a dataset, to train with, to validate with, or to test with."),
    "ChartKind": (get_args(ChartKind), "A kind of chart."),
    "UploadCategory": (get_args(UploadCategory), "What an uploaded image shows."),
    "UploadStatus": (
        get_args(UploadStatus),
        "`pending` while it is received and checked; `quarantined` until somebody has looked at its pixels;"
        " `analyzed` once there are results.",
    ),
    "UploadAction": (get_args(UploadAction), "What was done with an upload."),
    "SearchSort": (get_args(Sort), "The order of a search's results."),
}


def name_enums(document: dict[str, Any]) -> None:
    """Move every enumeration to the named schemas, in fields and in parameters."""
    named: dict[str, Any] = {}
    for name, schema in schemas(document).items():
        for field, about in schema.get("properties", {}).items():
            _name(about, name + _camel(field), about.get("description", ""), named)
    for operation in operations(document):
        for parameter in operation.get("parameters", ()):
            place = _camel(operation["operationId"]) + _camel(parameter["name"])
            _name(parameter["schema"], place, parameter["description"], named)
    known = schemas(document)
    known.update(named)
    document["components"]["schemas"] = {name: known[name] for name in sorted(known)}


def _name(schema: dict[str, Any], place: str, meaning: str, named: dict[str, Any]) -> None:
    """Replace an enumeration in ``schema`` by its name, ``place`` where it has none of its own."""
    _merge(schema)
    values = schema.get("enum", ())
    if len(values) > 1:
        name = next((name for name, (shared, _) in _SHARED.items() if set(shared) == set(values)), place)
        shared_meaning = _SHARED[name][1] if name in _SHARED else meaning
        named[name] = {"type": "string", "enum": list(values), "description": shared_meaning}
        del schema["enum"], schema["type"]
        schema["$ref"] = SCHEMA_PREFIX + name
    for part in [*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())]:
        if isinstance(part, dict):
            _name(part, place, meaning, named)


def _merge(schema: dict[str, Any]) -> None:
    """One enumeration in place of a choice between several, and of values beside them."""
    choices = schema.get("anyOf", [])
    words = [part for part in choices if part.get("type") == "string" and ("enum" in part or "const" in part)]
    if len(words) < 2:
        return
    values = [value for part in words for value in part.get("enum", [part.get("const")])]
    others = [part for part in choices if part not in words]
    merged = {"type": "string", "enum": list(dict.fromkeys(values))}
    if others:
        schema["anyOf"] = [merged, *others]
    else:
        del schema["anyOf"]
        schema |= merged


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.replace("-", "_").split("_"))
