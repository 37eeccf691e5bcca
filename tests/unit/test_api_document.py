"""The OpenAPI document says what everything is. What lints it is ``npm run lint:api``, in ``make check``."""

import json
import re
from collections.abc import Iterator
from typing import Any

from dataferry.api.document.vocabulary import WORDS
from dataferry.api.document.walk import parts_of
from dataferry.app import openapi_document

DOCUMENT: dict[str, Any] = json.loads(openapi_document())
SCHEMAS = DOCUMENT["components"]["schemas"]
#: What has no text of its own to give an example of.
_OPEN = ("array", "object", "null", None)


def operations() -> Iterator[dict[str, Any]]:
    for path in DOCUMENT["paths"].values():
        yield from path.values()


def fields() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, schema in SCHEMAS.items():
        for field, about in schema.get("properties", {}).items():
            yield f"{name}.{field}", about


def parameters() -> Iterator[tuple[str, dict[str, Any]]]:
    for operation in operations():
        for parameter in operation.get("parameters", ()):
            if "$ref" not in parameter:
                yield f"{operation['operationId']}.{parameter['name']}", parameter


def test_every_operation_parameter_type_and_field_is_described() -> None:
    """A field is described by its ``Field(description=…)``, a ``#:`` comment or the vocabulary."""
    lacking = [operation["operationId"] for operation in operations() if not operation.get("description")]
    lacking += [name for name, schema in SCHEMAS.items() if not schema.get("description")]
    lacking += [name for name, about in [*fields(), *parameters()] if not about.get("description")]
    assert lacking == []


def test_every_value_has_an_example() -> None:
    lacking = [
        name
        for name, about in [*fields(), *((name, one["schema"] | one) for name, one in parameters())]
        if not {"examples", "example", "const"} & set(about)
        and any(part.get("type") not in _OPEN for part in parts_of(about))
    ]
    assert lacking == []


def test_no_word_of_the_vocabulary_is_left_over() -> None:
    used = {name for name, _ in [*fields(), *parameters()]}
    names = {name.rpartition(".")[2] for name in used}
    assert [word for word in WORDS if word not in used | names] == []


def test_enumerations_have_names() -> None:
    inline = [name for name, about in fields() if any("enum" in part for part in parts_of(about))]
    inline += [name for name, one in parameters() if any("enum" in part for part in parts_of(one["schema"]))]
    assert inline == []


def test_operations_say_who_may_call_them_and_bear_readable_names() -> None:
    for operation in operations():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", operation["operationId"])
        assert "security" in operation
        assert set(operation["tags"]) <= {tag["name"] for tag in DOCUMENT["tags"]}
    assert all(tag["description"] for tag in DOCUMENT["tags"])
    assert all(scheme["description"] for scheme in DOCUMENT["components"]["securitySchemes"].values())


def test_what_is_always_sent_is_required_and_what_has_a_default_need_not_be_sent() -> None:
    job = SCHEMAS["JobView"]
    assert {"id", "attempt", "priority", "dismissed", "active"} <= set(job["required"])
    assert "default" not in job["properties"]["priority"]
    assert SCHEMAS["SearchRequest"]["required"] == ["query"]
    assert SCHEMAS["SearchRequest"]["properties"]["limit"]["default"] == 20


def test_every_error_has_an_example() -> None:
    named = DOCUMENT["components"]["responses"]
    told = {
        example["value"]["code"]
        for response in named.values()
        for example in response["content"]["application/problem+json"]["examples"].values()
    }
    assert told >= {"not_found", "idempotency_in_progress", "source_rate_limited", "disk_full", "busy"}


def test_the_socket_is_described_with_its_messages() -> None:
    socket = DOCUMENT["paths"]["/api/ws"]["get"]
    assert "4401" in socket["description"]
    opened = socket["responses"]["101"]["content"]["application/json"]["schema"]
    sides = [part["$ref"].rpartition("/")[2] for part in opened["anyOf"]]
    assert sides == ["ServerMessage", "ClientMessage"]
    assert set(SCHEMAS["ClientMessage"]["discriminator"]["mapping"]) == {"subscribe", "unsubscribe", "ping"}
    assert "webhooks" not in DOCUMENT
