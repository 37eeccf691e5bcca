"""Ways through an OpenAPI document."""

from collections.abc import Iterator
from typing import Any

SCHEMA_PREFIX = "#/components/schemas/"


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every operation of every path."""
    for path in document["paths"].values():
        yield from path.values()


def schemas(document: dict[str, Any]) -> dict[str, Any]:
    """The named schemas; what is added is added to the document."""
    found: dict[str, Any] = document.setdefault("components", {}).setdefault("schemas", {})
    return found


def parts_of(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The schema and those that it is a choice or a list of."""
    inner = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    if isinstance(schema.get("items"), dict):
        inner.append(schema["items"])
    return [schema, *(part for one in inner for part in parts_of(one))]


def referred(node: Any, document: dict[str, Any]) -> set[str]:
    """The names of all schemas that ``node`` leads to."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, dict):
            waiting.extend(one.values())
            name = str(one.get("$ref", "")).removeprefix(SCHEMA_PREFIX)
            if name in schemas(document) and name not in found:
                found.add(name)
                waiting.append(schemas(document)[name])
    return found
