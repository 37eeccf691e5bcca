"""The tools by name, each with the model of its arguments, and the JSON schema that a model gets."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from dataferry.core.types import Count, SourceName
from dataferry.sources.base import Modality, Sort
from dataferry.sources.model_plan import ModelSort
from dataferry.tools.prompts import Prompts


class ToolInput(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SearchInput(ToolInput):
    query: str = Field(min_length=1, max_length=200)
    sources: list[SourceName] | None = None
    license: str | None = Field(None, max_length=60)
    commercial: bool = False
    format: str | None = Field(None, max_length=60)
    task: str | None = Field(None, max_length=60)
    language: str | None = Field(None, max_length=60)
    modality: Modality | None = None
    updated_after: date | None = None
    gated: bool | None = None
    min_bytes: Count | None = None
    max_bytes: Count | None = None
    sort: Sort = "relevance"
    limit: int = Field(10, ge=1, le=20)
    offset: int = Field(0, ge=0, le=1000)


class ModelsInput(ToolInput):
    query: str = Field(min_length=1, max_length=200)
    task: str | None = Field(None, max_length=60)
    language: str | None = Field(None, max_length=60)
    license: str | None = Field(None, max_length=60)
    sort: ModelSort = "relevance"
    limit: int = Field(10, ge=1, le=20)


class DetailsInput(ToolInput):
    ref: str = Field(max_length=4096)
    revision: str | None = Field(None, max_length=200)


class CompareInput(ToolInput):
    refs: list[Annotated[str, Field(max_length=4096)]] = Field(min_length=2, max_length=6)


class PreviewInput(ToolInput):
    ref: str = Field(max_length=4096)
    revision: str | None = Field(None, max_length=200)
    file: str | None = Field(None, max_length=4096)


class QueryInput(ToolInput):
    ref: str = Field(max_length=4096)
    sql: str | None = Field(None, max_length=20_000)
    question: str | None = Field(None, max_length=2_000)
    table: str | None = Field(None, max_length=4096)
    revision: str | None = Field(None, max_length=200)


class HealthInput(ToolInput):
    ref: str = Field(max_length=4096)
    revision: str | None = Field(None, max_length=200)


class VersionsInput(ToolInput):
    ref: str = Field(max_length=4096)
    older: str | None = Field(None, max_length=200)
    newer: str | None = Field(None, max_length=200)


class StartInput(ToolInput):
    ref: str = Field(max_length=4096)
    revision: str | None = Field(None, max_length=200)


class StatusInput(ToolInput):
    ref: str | None = Field(None, max_length=4096)


class CancelInput(ToolInput):
    ref: str = Field(max_length=4096)


class LibraryInput(ToolInput):
    page: int = Field(1, ge=1, le=10_000)


TOOLS: dict[str, type[ToolInput]] = {
    "search_datasets": SearchInput,
    "search_models": ModelsInput,
    "dataset_details": DetailsInput,
    "preview_dataset": PreviewInput,
    "query_table": QueryInput,
    "compare_datasets": CompareInput,
    "dataset_health": HealthInput,
    "dataset_versions": VersionsInput,
    "start_download": StartInput,
    "download_status": StatusInput,
    "cancel_download": CancelInput,
    "list_library": LibraryInput,
}


def tool_schema(
    name: str, prompts: Prompts, inputs: Mapping[str, type[ToolInput]] = MappingProxyType(TOOLS)
) -> dict[str, Any]:
    """JSON schema of a tool's arguments, with their descriptions from the prompts. It has no ``$ref``,
    ``anyOf`` or list of types, which not every model and client takes."""
    descriptions = prompts.tool(name).arguments
    arguments, required = _undescribed_schema(inputs[name])
    properties = {
        argument: fields | {"description": descriptions.get(argument, "")}
        for argument, fields in arguments.items()
    }
    return {"type": "object", "properties": properties, "required": required}


@cache
def _undescribed_schema(model: type[ToolInput]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The arguments of a tool without their descriptions, and the names of the required ones."""
    schema = model.model_json_schema()
    kept = ("type", "enum", "items", "minimum", "maximum", "minItems", "maxItems")
    properties = {}
    for argument, given in schema["properties"].items():
        # An optional argument is one that may be left out; "or null" only confuses models.
        fields = next((one for one in given.get("anyOf", ()) if one.get("type") != "null"), given)
        properties[argument] = {field: fields[field] for field in kept if field in fields}
    return properties, schema.get("required", [])
