"""``python -m scripts.documents``: writes the parts of the documents that are made from the code."""

import json
import pkgutil
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import get_args

from dataferry.api.reference import error_rows
from dataferry.api.scopes import scope_of
from dataferry.api.socket import CLOSE_CODES
from dataferry.app import openapi_document
from dataferry.cli.output import ExitCode
from dataferry.core.errors import ConfigError
from dataferry.core.job_types import ACTIVE_STATES, JOB_STATE_MEANINGS
from dataferry.core.settings import Settings, environment_name
from dataferry.core.sizes import readable_bytes
from dataferry.core.types import View
from dataferry.plugins import AnyPlugin, DatasetPlugin, RemoteFile, datasets
from dataferry.plugins.contract import SPLIT_NAMES
from dataferry.realtime.events import ClientMessage, ServerMessage
from dataferry.sources.licence_table import DUTIES, PERMISSIONS
from dataferry.sources.licence_table import table as licences
from scripts.command_reference import command_reference

DOCS = Path(__file__).parents[1] / "docs"


def made() -> Iterator[tuple[Path, str, str]]:
    """Each part: its page, the name in its markers, and what stands between them."""
    yield DOCS / "configuration.md", "settings", settings_table()
    yield DOCS / "cli.md", "commands", command_reference()
    yield DOCS / "api.md", "routes", routes_table()
    yield DOCS / "api.md", "errors", errors_table()
    yield DOCS / "api.md", "states", states_table()
    yield DOCS / "api.md", "socket messages", socket_messages_table()
    yield DOCS / "api.md", "close codes", close_codes_table()
    yield DOCS / "licences.md", "licences", licences_table()
    yield DOCS / "built-in-datasets.md", "built-in datasets", built_in_table()


def licences_table() -> str:
    """What is known of every licence."""
    marks = {"allowed": "yes", "forbidden": "no", "conditions": "if", "not_mentioned": "–", "unknown": "?"}
    marks |= {"required": "yes", "not_required": "no"}
    topics = (*PERMISSIONS, *DUTIES)
    rows = []
    for one in licences():
        newest = one.versions[-1].partition("-")[0] if one.versions else ""
        names = f"[{one.title}]({one.text.replace('{version}', newest)})" if one.text else one.title
        ids = ", ".join(f"`{id}`" for id in one.ids) if one.spdx else f"{one.name} (no SPDX id)"
        told = one.terms.model_dump()
        where = " · ".join(filter(None, (one.clauses, one.note)))
        rows.append((names, ids, *(marks[told[topic]] for topic in topics), one.made_for, where))
    headings = ("licence", "SPDX", "commercial use", "sharing", "changed versions", "training")
    return table((*headings, "naming authors", "same terms", "made for", "where it says so"), rows)


def built_in_table() -> str:
    """Every dataset that this package declares."""
    rows = []
    for module in pkgutil.iter_modules(datasets.__path__):
        plugin: AnyPlugin = import_module(f"{datasets.__name__}.{module.name}").PLUGIN
        size = readable_bytes(plugin.size_bytes) if plugin.size_bytes else "?"
        if isinstance(plugin, DatasetPlugin):
            sizes = (plugin.train_size, plugin.val_size, plugin.test_size)
        else:
            by_name = {split.name: split.rows for split in plugin.splits}
            sizes = tuple(by_name.get(name, 0) for name in SPLIT_NAMES)
        samples = " / ".join(f"{count:,}" if count else "–" for count in sizes)
        name = f"[{plugin.title}]({plugin.homepage})"
        rows.append((f"`{plugin.name}`", name, samples, size, _checksums(plugin), _licence(plugin)))
    headings = ("name", "what", "train / val / test", "to fetch", "checked against", "licence")
    return table(headings, rows)


def _checksums(plugin: AnyPlugin) -> str:
    kinds = {
        "SHA-256" if file.sha256 else "MD5" if isinstance(file, RemoteFile) and file.md5 else "recorded"
        for file in plugin.files
    }
    return ", ".join(sorted(kinds))


def _licence(plugin: AnyPlugin) -> str:
    return f"`{plugin.license}`: {plugin.license_note}"


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of Markdown."""
    head = f"| {' | '.join(headings)} |\n|{'---|' * len(headings)}\n"
    return head + "".join(f"| {' | '.join(map(str, row))} |\n" for row in rows)


def settings_table() -> str:
    """Every setting as a row of Markdown."""
    rows = []
    for field, about in Settings.model_fields.items():
        if field == "data_dir":
            default = "the user's data folder"
        elif about.default is None:
            default = "–"
        else:
            shown = str(about.default).removesuffix(".0")
            default = f"`{shown.lower() if isinstance(about.default, bool) else shown}`"
        rows.append((f"`{environment_name(field)}`", default, about.description))
    return table(("setting", "default", "what it is for"), rows)


def routes_table() -> str:
    """Every route as a row of Markdown, with the first line of what it says of itself."""
    rows = []
    for path, operations in json.loads(openapi_document())["paths"].items():
        for method, operation in operations.items():
            words = (operation.get("description") or operation["summary"]).splitlines()[0]
            token = f"`{scope_of(operation['operationId'])}`" if operation.get("security") else "none"
            rows.append((f"`{method.upper()} {path}`", words, token))
    return table(("route", "what", "token"), rows)


def errors_table() -> str:
    """Every error that an answer can carry, by status, with the code that a command ends with."""
    found = {(int(status), code, title) for status, code, title, _ in error_rows()}
    return table(
        ("status", "code", "what", "a command ends with"),
        (
            (status, f"`{code}`", title, int(ExitCode.of(code)))
            for status, code, title in sorted(found)
            if code != ConfigError.code
        ),
    )


def states_table() -> str:
    """What a job's states mean."""
    return table(
        ("state", "ended", "what it means"),
        (
            (f"`{state}`", "no" if state in ACTIVE_STATES else "yes", meaning)
            for state, meaning in JOB_STATE_MEANINGS.items()
        ),
    )


def socket_messages_table() -> str:
    """What goes over the socket, by who sends it."""
    sides = (("client", ClientMessage), ("server", ServerMessage))
    return table(
        ("from", "`op`", "fields", "what"),
        (
            (side, f"`{operation(message)}`", field_names(message), first_line(message))
            for side, union in sides
            for message in get_args(get_args(union)[0])
        ),
    )


def operation(message: type[View]) -> str:
    (name,) = get_args(message.model_fields["op"].annotation)
    return str(name)


def field_names(message: type[View]) -> str:
    """The fields of a message, with ``?`` behind those that may be absent or null."""
    fields = ((name, about) for name, about in message.model_fields.items() if name != "op")
    return ", ".join(f"`{name}{'' if about.is_required() else '?'}`" for name, about in fields)


def first_line(message: type[View]) -> str:
    return (message.__doc__ or "").strip().splitlines()[0].replace("``", "`")


def close_codes_table() -> str:
    """Why the server closes a socket, and what the client does then."""
    return table(("code", "why", "what to do"), ((code, *words) for code, words in CLOSE_CODES.items()))


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
