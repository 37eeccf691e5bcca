"""``dataferry sources``."""

from typing import Any

from dataferry.cli.client import connected
from dataferry.cli.output import AsJson, AsUser, Column, print_json, print_table

_COLUMNS = (Column("SOURCE"), Column("STATE"), Column("KEY"), Column("PROBLEM", gives="first"))


def sources(as_json: AsJson = False, user: AsUser = None) -> None:
    """Show whether each source answers, and whose key is used. With its last failure, and what mends it."""
    with connected(user) as client:
        found = client.call("GET", "/api/sources")
    if as_json:
        print_json(found)
        return
    rows = [(one["name"], one["state"], key_in_words(one), problem_in_words(one)) for one in found]
    print_table(_COLUMNS, rows)


def key_in_words(source: dict[str, Any]) -> str:
    """``yours (ada)``, ``the server's``, ``none``, or nothing where none is needed."""
    if source["state"] == "ready":
        return ""
    if not source["configured"]:
        return "none"
    whose = "yours" if source["own"] else "the server's"
    return f"{whose} ({source['account']})" if source["account"] else whose


def problem_in_words(source: dict[str, Any]) -> str:
    """The last failure and its next act; nothing where all is well."""
    if not source["problem"]:
        return ""
    return " ".join(filter(None, (source["problem"], source["next_step"])))
