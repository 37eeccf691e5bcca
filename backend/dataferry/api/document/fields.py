"""What each field and parameter is, and which fields are always there."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from sqlmodel import SQLModel

from dataferry.api.document.comments import field_comments
from dataferry.api.document.vocabulary import WORDS
from dataferry.api.document.walk import operations, parts_of, referred, schemas
from dataferry.api.document.word import Word

_NO_WORD = Word("")


def require_what_is_sent(document: dict[str, Any]) -> None:
    """A value of an answer that has a default is required, since it is sent all the same, unless it may be
    null, which some routes leave out; of a request what has no default is."""
    sent = [operation.get("requestBody") for operation in operations(document)]
    requests = referred([*sent, schemas(document)["ClientMessage"]], document)
    for name, schema in schemas(document).items():
        if name in requests or "properties" not in schema:
            continue
        required = set(schema.get("required", ()))
        for field, about in schema["properties"].items():
            has_default = about.pop("default", None) is not None
            if has_default and not any(part.get("type") == "null" for part in parts_of(about)):
                required.add(field)
        schema["required"] = [field for field in schema["properties"] if field in required]


def describe_fields(document: dict[str, Any]) -> None:
    """A description and an example for every field that has none."""
    models = {model.__name__: model for model in _models(BaseModel)}
    for name, schema in schemas(document).items():
        comments = field_comments(models[name]) if name in models else {}
        for field, about in schema.get("properties", {}).items():
            about.pop("title", None)
            word = WORDS.get(f"{name}.{field}") or WORDS.get(field, _NO_WORD)
            meaning = about.get("description") or comments.get(field) or word.meaning
            if meaning:
                about["description"] = meaning
            example = _example(about, word.example)
            if example is not None and "examples" not in about:
                about["examples"] = [example]


def describe_parameters(document: dict[str, Any]) -> None:
    """The same for the parameters of every operation."""
    for operation in operations(document):
        for parameter in operation.get("parameters", ()):
            name, schema = parameter["name"], parameter["schema"]
            _without_null(schema)
            schema.pop("title", None)
            described = schema.pop("description", None)
            word = WORDS.get(f"{operation['operationId']}.{name}") or WORDS.get(name, _NO_WORD)
            parameter["description"] = parameter.get("description") or described or word.meaning
            example = _example(schema, word.example)
            if example is not None and "examples" not in parameter:
                parameter.setdefault("example", example)


def _without_null(schema: dict[str, Any]) -> None:
    """No parameter can be null: one that has no value is left out."""
    choices = [part for part in schema.get("anyOf", ()) if part.get("type") != "null"]
    if len(choices) == 1:
        del schema["anyOf"]
        schema |= choices[0]


def _models(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Every model of the program that is no table."""
    for child in kind.__subclasses__():
        if child is not SQLModel:
            if child.__module__.startswith("dataferry."):
                yield child
            yield from _models(child)


def _example(schema: dict[str, Any], known: Any) -> Any:
    """``known`` where the schema may hold it, else what the schema itself tells; None if that is nothing."""
    scalars = [part for part in parts_of(schema) if part.get("type") not in (None, "array", "null")]
    if not scalars:  # a named type, which has examples of its own
        return None
    values = [value for part in scalars for value in part.get("enum", ())]
    values += [part["const"] for part in scalars if "const" in part]
    example = known
    if values and known not in values and not isinstance(known, list):
        example = values[0]
    elif known is None and any(part["type"] == "boolean" for part in scalars):
        example = False
    wants_list = any(part.get("type") == "array" for part in parts_of(schema))
    return [example] if wants_list and example is not None and not isinstance(example, list) else example
