"""The OpenAPI document as it is served: what FastAPI makes of the routes, with every word that it lacks.

Imported when the document is first asked for: nothing here is needed to answer requests.
"""

from typing import Any

from dataferry.api.document.enums import name_enums
from dataferry.api.document.fields import describe_fields, describe_parameters, require_what_is_sent
from dataferry.api.document.frame import describe_api, describe_operations, name_forms
from dataferry.api.document.responses import describe_responses
from dataferry.api.document.socket import describe_socket

Document = dict[str, Any]


def finished(document: Document) -> Document:
    """The document with servers, security, messages, errors, descriptions, examples and named enums."""
    describe_socket(document)
    name_forms(document)
    require_what_is_sent(document)
    describe_fields(document)
    describe_parameters(document)
    name_enums(document)
    describe_responses(document)
    describe_operations(document)
    describe_api(document)
    return document
