"""The socket's messages and the tools' outputs as named schemas.

OpenAPI describes no WebSocket, and its ``webhooks`` are requests that a server sends: so the route is
described as what it is in HTTP, an upgrade, and names the schemas of what then goes both ways.
"""

from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from dataferry.api.document.walk import SCHEMA_PREFIX, schemas
from dataferry.api.problems import MEDIA_TYPE
from dataferry.api.socket import CLOSE_CODES
from dataferry.realtime.events import ClientMessage, ServerMessage
from dataferry.tools.outputs import (
    CompareOutput,
    DetailsOutput,
    HealthOutput,
    JobsOutput,
    LibraryOutput,
    ModelsOutput,
    PreviewOutput,
    QueryOutput,
    SearchOutput,
    StartOutput,
    VersionsOutput,
)

ToolOutput = (
    SearchOutput
    | ModelsOutput
    | DetailsOutput
    | PreviewOutput
    | QueryOutput
    | CompareOutput
    | HealthOutput
    | VersionsOutput
    | StartOutput
    | JobsOutput
    | LibraryOutput
)

_EVENTS = (
    "The AI SDK's UI message stream (v1): server-sent events whose data is JSON, the last one `[DONE]`. The "
    "`output` of a `tool-output-available` is a `ToolOutput`."
)


def describe_socket(document: dict[str, Any]) -> None:
    """Add the messages of ``/api/ws`` and the outputs in an answer's stream."""
    _add(document, "ClientMessage", TypeAdapter(ClientMessage), "What a client sends over the socket.")
    _add(document, "ServerMessage", TypeAdapter(ServerMessage), "What a client gets over the socket.")
    _add(document, "ToolOutput", TypeAdapter(ToolOutput), "What a tool of the chat has found.")
    socket = document["paths"]["/api/ws"]["get"]
    codes = (f"{code}: {why} {act}" for code, (why, act) in sorted(CLOSE_CODES.items()))
    socket["description"] += "\n\nClose codes: " + " ".join(codes)
    directions = [{"$ref": f"{SCHEMA_PREFIX}ServerMessage"}, {"$ref": f"{SCHEMA_PREFIX}ClientMessage"}]
    socket["responses"]["101"] = {
        "description": "The socket is open: each text frame is one message in JSON, in either direction.",
        "content": {"application/json": {"schema": {"anyOf": directions}}},
    }
    socket["responses"]["426"] = {
        "description": "The request asks for no upgrade.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"{SCHEMA_PREFIX}Problem"}}},
    }
    for path in document["paths"].values():
        for operation in path.values():
            for response in operation["responses"].values():
                stream = response.get("content", {}).get("text/event-stream")
                if stream is not None:
                    stream["schema"] = {"type": "string", "description": _EVENTS}
                    stream["schema"]["contentSchema"] = {"$ref": f"{SCHEMA_PREFIX}ToolOutput"}


def _add(document: dict[str, Any], name: str, adapter: TypeAdapter[Any], meaning: str) -> None:
    mode: JsonSchemaMode = "validation" if name == "ClientMessage" else "serialization"
    schema = adapter.json_schema(mode=mode, ref_template=SCHEMA_PREFIX + "{model}")
    for inner, definition in schema.pop("$defs", {}).items():
        schemas(document).setdefault(inner, definition)
    schemas(document)[name] = {"description": meaning, **schema}
