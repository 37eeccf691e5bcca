"""What to know before a download, as lines beside a list of files."""

from typing import Any

from dataferry.cli.output import note

_INDENT = 2 * " "


def note_verdict(plan: dict[str, Any]) -> None:
    """Licence, terms, room and table of a plan; nothing where its source would not describe it."""
    verdict = plan["verdict"]
    if verdict is None:
        return
    licence, gate = verdict["licence"], verdict["gate"]
    spdx = f" (SPDX {licence['spdx_id']})" if licence["spdx_id"] else ""
    link = f": {licence['url']}" if licence["url"] else ""
    note(f"Licence: {licence['name']}{spdx} · {licence['short']}{link}")
    if licence["known"]:
        for term in licence["terms"]:
            note(f"{_INDENT}{term['label']}: {term['words']}")
    for one in licence["notes"]:
        note(_INDENT + one)
    note(_INDENT + licence["caution"])
    account = f" Whose account: {gate['account']}." if gate["account"] else ""
    page = f" {gate['url']}" if gate["url"] and gate["state"] != "open" else ""
    note(f"Terms: {gate['words']}{account}{page}")
    note(f"Download: {verdict['room']['words']}")
    if verdict["table"] is not None:
        note(f"Table: {verdict['table']['words']}")
