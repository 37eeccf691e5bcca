"""The API's own page: every route, type and error, made from the OpenAPI document and the error tree.

Plain HTML without a script, so that it works without internet and under the page's own policy.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Any

from dataferry.api.problems import REFUSALS
from dataferry.core.errors import DataferryError

_STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.6 system-ui,sans-serif;margin:2rem auto;max-width:62rem;padding:0 1rem}
section{overflow-x:auto} h2{margin-top:2.5rem;text-transform:capitalize}
summary{cursor:pointer;padding:.3rem 0}
code{font:13px/1.5 ui-monospace,monospace} pre{overflow-x:auto;padding:.75rem;border:1px solid #8886}
table{border-collapse:collapse;margin:.5rem 0 1rem;width:100%}
th,td{border-bottom:1px solid #8884;padding:.3rem 1rem .3rem 0;text-align:left;vertical-align:top}
details>div{margin:0 0 1.5rem 1.2rem;overflow-x:auto} summary code{overflow-wrap:anywhere}
.method{display:inline-block;font-weight:600;min-width:4.5em} .open{font-size:13px}
summary span:last-child{font-size:13px;opacity:.8} :target{outline:2px solid #58f}
"""

_INTRODUCTION = """
<p>JSON with <code>snake_case</code> names and UTC times. Every route needs a bearer token but those marked
<em>open</em>. The whole description for programs: <a href="/api/openapi.json">openapi.json</a>.</p>
<pre>curl -s {origin}/api/auth/token -d username=ada@example.org -d password=… -d client=cli
curl -s {origin}/api/auth/me -H "Authorization: Bearer $ACCESS_TOKEN"</pre>
"""


def reference_page(document: dict[str, Any], origin: str) -> str:
    """The page. ``origin``: where the server is, for the examples."""
    groups: dict[str, list[str]] = {}
    components = document.get("components", {})
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            group = operation.get("tags", ["other"])[0]
            groups.setdefault(group, []).append(_operation(method, path, operation, components))
    schemas = components.get("schemas", {})
    return "".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<link rel="icon" href="/favicon.svg" type="image/svg+xml">',
            f"<title>Dataferry API {escape(document['info']['version'])}</title>",
            f"<style>{_STYLE}</style></head><body><main>",
            f"<h1>Dataferry API {escape(document['info']['version'])}</h1>",
            _INTRODUCTION.format(origin=escape(origin)),
            *(f"<section><h2>{escape(tag)}</h2>{''.join(made)}</section>" for tag, made in groups.items()),
            f"<section><h2>Errors</h2>{_errors()}</section>",
            f"<section><h2>Types</h2>{''.join(_schema(name, schemas[name]) for name in sorted(schemas))}",
            "</section></main></body></html>",
        ]
    )


def _operation(method: str, path: str, operation: dict[str, Any], components: dict[str, Any]) -> str:
    mark = "" if operation.get("security") else ' <em class="open">open</em>'
    rows = [
        (f"<code>{escape(p['name'])}</code>", escape(p["in"]), _type(p.get("schema", {})), _description(p))
        for p in (_named(given, components) for given in operation.get("parameters", ()))
    ]
    sent = operation.get("requestBody", {}).get("content", {})
    bodies = [f"<p>Body: {_contents(sent)}</p>"] if sent else []
    answers = [
        f"<p>{escape(status)}: {_contents(response.get('content') or {})}</p>"
        for status, response in operation["responses"].items()
        if "$ref" not in response  # else it is an error: those have a list of their own
    ]
    heading = f'<code><span class="method">{method.upper()}</span>{escape(path)}</code>{mark}'
    gist = _description({"description": _gist(operation.get("description") or "")})
    words = f"<p>{_description(operation)}</p>"
    body = [words, _table(("parameter", "in", "type", ""), rows), *bodies, *answers]
    return _details_element(operation["operationId"], f"{heading} <span>{gist}</span>", body)


def _gist(text: str) -> str:
    """The first sentence, or what stands before its colon; what is in backticks stays together."""
    first = re.match(r"(?:`[^`]*`|[^`])*?(?=[.:]\s|[.:]$|\n\n|$)", text)
    return first[0] if first else text


def _named(part: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """The component that a reference leads to; ``part`` itself where it is none."""
    kind, _, name = part.get("$ref", "").removeprefix("#/components/").partition("/")
    found: dict[str, Any] = components[kind][name] if name else part
    return found


def _contents(contents: dict[str, Any]) -> str:
    """What a body holds, in each of its media types."""
    return (
        " or ".join(
            f"{_type(content.get('schema', {}))} as <code>{escape(kind)}</code>"
            for kind, content in contents.items()
        )
        or "no body"
    )


def _schema(name: str, schema: dict[str, Any]) -> str:
    required = schema.get("required", ())
    rows = [
        (
            f"<code>{escape(field)}</code>",
            _type(about),
            "" if field in required else "optional",
            _description(about),
        )
        for field, about in schema.get("properties", {}).items()
    ]
    kind = "" if rows else f"<p>{_type(schema)}</p>"
    body = [f"<p>{_description(schema)}</p>", kind, _table(("field", "type", "", ""), rows)]
    return _details_element(f"type-{name}", f"<code>{escape(name)}</code>", body)


def _details_element(anchor: str, heading: str, body: Iterable[str]) -> str:
    """A part that opens with a click, or with a link to it: the anchor is inside, so browsers unfold it."""
    return f'<details><summary>{heading}</summary><div id="{escape(anchor)}">{"".join(body)}</div></details>'


def _errors() -> str:
    rows = [
        (status, f'<code id="{escape(code)}">{escape(code)}</code>', escape(title), escape(step))
        for status, code, title, step in sorted(set(error_rows()))
    ]
    return (
        "<p>Every error is <code>application/problem+json</code> (RFC 9457), a "
        '<a href="#type-Problem"><code>Problem</code></a>.</p>'
        + _table(("status", "code", "meaning", "what usually helps"), rows)
    )


def error_rows() -> Iterator[tuple[str, str, str, str]]:
    """Status, code, title and usual next step of every error that an answer may be."""

    def below(kind: type[DataferryError]) -> Iterator[type[DataferryError]]:
        yield kind
        for child in kind.__subclasses__():
            yield from below(child)

    for kind in below(DataferryError):
        yield str(kind.status), kind.code, kind.title, kind.usual_step
    known = {kind.code for kind in below(DataferryError)}
    for status, (code, detail, next_step) in REFUSALS.items():
        if code not in known:
            yield str(status), code, detail.rstrip("."), next_step


def _type(schema: dict[str, Any]) -> str:
    """A schema in one line of HTML, other types as links."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#type-{name}"><code>{name}</code></a>'
    for union in ("anyOf", "oneOf", "allOf"):
        if union in schema:
            return " or ".join(map(_type, schema[union]))
    if "enum" in schema:
        return " or ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    if "const" in schema:
        return f"<code>{escape(str(schema['const']))}</code>"
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return escape(schema.get("type", "anything"))


def _description(about: dict[str, Any]) -> str:
    """A description in HTML, its code in backticks as code."""
    text = escape(about.get("description") or "")
    return re.sub(r"(`+)(.+?)\1", r"<code>\2</code>", text).replace("\n\n", "<br>")


def _table(headings: Iterable[str], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{heading}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"
