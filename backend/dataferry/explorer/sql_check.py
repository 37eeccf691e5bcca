"""What a person's SQL may be: one query of the dataset's own tables.

It is read as DuckDB's parser tells it (``json_serialize_sql``), never as text: what is not known to be
harmless is refused. This stands before the sandbox of the process, which reads no other file anyhow.
"""

from collections.abc import Collection, Generator, Iterator, Mapping
from typing import Any

_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_SOURCES = frozenset(
    {"BASE_TABLE", "JOIN", "SUBQUERY", "EXPRESSION_LIST", "EMPTY", "TABLE_FUNCTION", "SHOW_REF", "PIVOT"}
    | {"COLUMN_DATA"}
)
_TABLE_FUNCTIONS = frozenset(
    {"range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree"}
)
#: Of the machine or of the server and not of the data, or made to take time.
_FUNCTIONS = frozenset(
    {"current_setting", "getenv", "getvariable", "nextval", "currval", "pg_sleep", "sleep_ms", "sleep"}
    | {"write_log", "parse_duckdb_log_message", "json_execute_serialized_sql", "query", "query_table"}
)
_ONE_QUERY = "Write one SELECT. It can name the dataset's tables, and nothing else."


class Refused(Exception):
    """``str``: why, as a sentence for people."""


def check(parsed: Mapping[str, Any], tables: Collection[str]) -> set[str]:
    """The names among ``tables`` (in lower case) that a parsed query reads. Errors: ``Refused``."""
    if parsed.get("error"):
        if parsed.get("error_type") == "not implemented":
            raise Refused(f"Only a query can be run here, which changes nothing. {_ONE_QUERY}")
        raise Refused(f"The SQL cannot be read: {parsed.get('error_message')}.")
    statements = parsed["statements"]
    if len(statements) != 1:
        found = "no query" if not statements else f"{len(statements)} statements"
        raise Refused(f"There is {found} in it. {_ONE_QUERY}")
    return set(_used(statements[0]["node"], frozenset(map(str.lower, tables)), frozenset()))


def _used(part: Any, tables: frozenset[str], visible: frozenset[str]) -> Iterator[str]:
    """``visible``: what WITH has named around this part."""
    if isinstance(part, list):
        for one in part:
            yield from _used(one, tables, visible)
        return
    if not isinstance(part, dict):
        return
    kind = str(part.get("type", ""))
    if kind.endswith("_NODE"):
        if kind not in _NODES:
            raise Refused(f"Only a query can be run here, which changes nothing. {_ONE_QUERY}")
        visible = yield from _named(part, tables, visible)
    if "function_name" in part:
        _check_function(str(part["function_name"]).lower())
    if "from_table" in part:
        _check_source(part["from_table"])
    match kind:
        case "BASE_TABLE":
            yield from _table(part, tables, visible)
        case "TABLE_FUNCTION":
            _check_table_function(part["function"])
        case "SHOW_REF" if "query" not in part:
            raise Refused(f"SHOW is not there. {_ONE_QUERY}")
    for side in ("left", "right", "source"):
        if isinstance(part.get(side), dict) and kind in ("JOIN", "PIVOT"):
            _check_source(part[side])
    for name, inner in part.items():
        if name != "cte_map":
            yield from _used(inner, tables, visible)


def _named(
    node: Mapping[str, Any], tables: frozenset[str], visible: frozenset[str]
) -> Generator[str, None, frozenset[str]]:
    """What WITH names in a node, and before it; each sees those before it, and itself."""
    if node.get("cte_name"):
        visible |= {str(node["cte_name"]).lower()}
    for one in node.get("cte_map", {}).get("map", ()):
        visible |= {str(one["key"]).lower()}
        yield from _used(one["value"], tables, visible)
    return visible


def _table(part: Mapping[str, Any], tables: frozenset[str], visible: frozenset[str]) -> Iterator[str]:
    path = [str(one) for one in part.get("qualified_name", {}).get("path", ())] or [str(part["table_name"])]
    name = path[-1].lower()
    if len(path) == 1 and name in visible:
        return
    if len(path) > 1 or name not in tables or "at_clause" in part:
        raise Refused(f"There is no table {'.'.join(path)[:120]!r} here.")
    yield name


def _check_source(source: Mapping[str, Any]) -> None:
    if source.get("type") not in _SOURCES:
        raise Refused(f"FROM has something that cannot be read here. {_ONE_QUERY}")


def _check_table_function(function: Mapping[str, Any]) -> None:
    name = str(function.get("function_name", "")).lower()
    if name not in _TABLE_FUNCTIONS:
        raise Refused(f"{name[:60]}() cannot be used here: a query reads the dataset's own tables alone.")


def _check_function(name: str) -> None:
    if name in _FUNCTIONS or name.startswith(("pg_", "duckdb_", "pragma_", "read_")):
        raise Refused(f"{name[:60]}() cannot be used here: it tells nothing of the data.")
