"""``python -m scripts.documents``: writes the parts of the documents that are made from the code."""

import json
from collections.abc import Iterator
from pathlib import Path

from dataferry.app import openapi_document
from dataferry.core.errors import ConfigError, DataferryError
from dataferry.core.settings import Settings, environment_name

DOCS = Path(__file__).parents[1] / "docs"


def made() -> Iterator[tuple[Path, str, str]]:
    """Each part: its page, the name in its markers, and what stands between them."""
    yield DOCS / "configuration.md", "settings", settings_table()
    yield DOCS / "api.md", "routes", routes_table()
    yield DOCS / "api.md", "errors", errors_table()


def settings_table() -> str:
    """Every setting as a row of Markdown."""
    rows = ["| setting | default | what it is for |", "|---|---|---|"]
    for field, about in Settings.model_fields.items():
        if field == "data_dir":
            default = "the user's data folder"
        elif about.default is None:
            default = "–"
        else:
            shown = str(about.default).removesuffix(".0")
            default = f"`{shown.lower() if isinstance(about.default, bool) else shown}`"
        rows.append(f"| `{environment_name(field)}` | {default} | {about.description} |")
    return "\n".join(rows) + "\n"


def routes_table() -> str:
    """Every route as a row of Markdown, with the first line of what it says of itself."""
    rows = ["| route | what | token |", "|---|---|---|"]
    for path, operations in json.loads(openapi_document())["paths"].items():
        for method, operation in operations.items():
            words = (operation.get("description") or operation["summary"]).splitlines()[0]
            token = "" if operation.get("security") else "none"
            rows.append(f"| `{method.upper()} {path}` | {words} | {token} |")
    return "\n".join(rows) + "\n"


def errors_table() -> str:
    """Every error that an answer can carry, by status."""
    ours = [kind for kind in descendants(DataferryError) if kind.__module__ == DataferryError.__module__]
    kinds = sorted(ours, key=lambda kind: (kind.status, kind.code))
    rows = ["| status | code | what |", "|---|---|---|"]
    rows += [f"| {kind.status} | `{kind.code}` | {kind.title} |" for kind in kinds if kind is not ConfigError]
    return "\n".join(rows) + "\n"


def descendants(kind: type[DataferryError]) -> Iterator[type[DataferryError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from descendants(child)


def markers(name: str) -> tuple[str, str]:
    return f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"


def stale() -> list[str]:
    """The pages whose made parts are not what the code makes now."""
    found = []
    for page, name, text in made():
        begin, end = markers(name)
        if begin + text + end not in page.read_text():
            found.append(f"docs/{page.name}: python -m scripts.documents")
    return found


def main() -> None:
    for page, name, text in made():
        begin, end = markers(name)
        before, _, rest = page.read_text().partition(begin)
        _, _, after = rest.partition(end)
        page.write_text(before + begin + text + end + after)


if __name__ == "__main__":
    main()
