"""Numbers of any size: no request may bring one that a database or a page cannot hold."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from dataferry.app import openapi_document
from dataferry.chat.filters import parse_filters
from dataferry.core.types import LARGEST_COUNT

BOUNDS = {"maximum", "exclusiveMaximum", "enum", "const"}


def test_every_whole_number_that_is_asked_for_has_a_bound() -> None:
    document = json.loads(openapi_document())
    schemas = document["components"]["schemas"]
    seen: set[str] = set()

    def unbounded(schema: dict[str, Any], where: str) -> Iterator[str]:
        name = schema.get("$ref", "").rpartition("/")[2]
        if name and name not in seen:
            seen.add(name)
            yield from unbounded(schemas[name], name)
        if schema.get("type") == "integer" and not {"maximum", "exclusiveMaximum", "enum", "const"} & set(
            schema
        ):
            yield where
        for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
            yield from unbounded(part, where)
        for field, part in schema.get("properties", {}).items():
            yield from unbounded(part, f"{where}.{field}")
        if isinstance(schema.get("items"), dict):
            yield from unbounded(schema["items"], f"{where}[]")

    found: list[str] = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", ()):
                if "$ref" not in parameter:
                    found += unbounded(parameter["schema"], f"{method} {path} {parameter['name']}")
            for content in operation.get("requestBody", {}).get("content", {}).values():
                found += unbounded(content["schema"], f"{method} {path}")
    found += unbounded(document["components"]["schemas"]["ClientMessage"], "/api/ws")
    assert found == []


@pytest.mark.parametrize("digits", [1, 17, 25, 400])
def test_sizes_of_any_length_in_words(digits: int) -> None:
    arguments = parse_filters(f"images under {'9' * digits} TB").arguments
    assert 0 < arguments["max_bytes"] <= LARGEST_COUNT
