"""What the document says of the whole API, and of each operation in a line."""

import re
from typing import Any

from dataferry.api.document.walk import operations, schemas
from dataferry.api.scopes import scope_of

_DESCRIPTION = """
JSON with `snake_case` names and UTC times. `POST /api/auth/token` gives a bearer token, which every operation
wants but those without `security`. Errors are `application/problem+json` (RFC 9457).

What is read has an `ETag` and can be asked for with HEAD. What creates something takes an `Idempotency-Key`.
Every answer has an `X-Request-Id`. `/api` is version 1: new fields, values of enumerations and operations
may come with any release.
""".strip()
_TAGS = {
    "accounts": "Who somebody is: register, sign in, stay signed in, sign out.",
    "chats": "Asking for datasets in words.",
    "models": "Searching for models, which are shown and not downloaded.",
    "datasets": "Searching, downloading, and the library of what has arrived.",
    "tables": "All rows of the tables that have arrived: paged, filtered, sorted and counted.",
    "additions": "Folders of one's own that become datasets: announced, sent in pieces, brought in.",
    "uploads": "Images of one's own: taken in, encrypted, shown, de-identified, deleted.",
    "annotations": "Boxes and labels that people draw on images: kept, compared, exported.",
    "jobs": "What runs and what ran: downloads, updates, deletions, the search index.",
    "transfer": "How fast downloads may be.",
    "sources": "What this server is connected to.",
    "index": "Both hubs' whole catalogues on this machine, for searches without them.",
    "model": "The language model that answers chats.",
    "operations": "Whether the server is alive and can work.",
    "socket": "What happens, as it happens.",
}
#: FastAPI's name of the access token's scheme, and ours of the other.
_SESSION, _PERSONAL = "OAuth2PasswordBearer", "PersonalToken"
_SECURITY = {
    _SESSION: "`Authorization: Bearer <token>`: the access token of `POST /api/auth/token`.",
    _PERSONAL: "`Authorization: Bearer <token>`: a personal token of the scope that the operation names.",
}
#: FastAPI's names of schemas that nobody wrote → ours.
_RENAMED = {"Body_sign_in": "SignInForm"}
_RENAMED_MEANINGS = {"SignInForm": "The form of OAuth2's password grant."}
_SENTENCE = re.compile(r"(?<=[^.])[.:](?=\s|$)")


def describe_api(document: dict[str, Any]) -> None:
    document["info"] |= {
        "description": _DESCRIPTION,
        "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
    }
    document["servers"] = [{"url": "/", "description": "The server that this document comes from"}]
    used = {tag for operation in operations(document) for tag in operation.get("tags", ())}
    document["tags"] = [{"name": tag, "description": _TAGS[tag]} for tag in _TAGS if tag in used]
    schemes = document["components"]["securitySchemes"]
    schemes[_PERSONAL] = {"type": "http", "scheme": "bearer"}
    for name, meaning in _SECURITY.items():
        schemes[name]["description"] = meaning


def name_forms(document: dict[str, Any]) -> None:
    """Our names for the schemas of forms."""
    for former, name in _RENAMED.items():
        schemas(document)[name] = schemas(document).pop(former)
        schemas(document)[name] |= {"title": name, "description": _RENAMED_MEANINGS[name]}
        _refer_anew(document, f"/{former}", f"/{name}")


def describe_operations(document: dict[str, Any]) -> None:
    """A summary from the first sentence of what an operation says of itself; who may call it, and what a
    personal token must be allowed for it."""
    for operation in operations(document):
        wanted = operation.setdefault("security", [])
        if wanted:
            wanted.append({_PERSONAL: [scope_of(operation["operationId"])]})
        said = operation.get("description", "")
        if said:
            operation["summary"] = _SENTENCE.split(said.replace("\n", " "), maxsplit=1)[0].strip()


def _refer_anew(node: Any, former: str, name: str) -> None:
    """Let every reference to a schema lead to its new name."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict) and str(node.get("$ref", "")).endswith(former):
        node["$ref"] = node["$ref"].removesuffix(former) + name
    for child in children:
        _refer_anew(child, former, name)
