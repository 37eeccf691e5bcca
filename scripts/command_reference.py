"""The commands as Markdown, from what their ``--help`` says."""

from collections.abc import Iterator
from typing import Any

from dataferry.cli import COMMANDS, load_command


def command_reference() -> str:
    """Every command and subcommand, with its arguments and options."""
    parts = [part for name in COMMANDS for part in _described(f"dataferry {name}", load_command(name))]
    return "\n".join(parts)


def _described(path: str, command: Any) -> Iterator[str]:
    context = command.context_class(command, info_name=path)
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"### `{path}`\n\n{_plain(command.help or '')}\n\n`{path} {usage}`\n"
    records = [one.get_help_record(context) for one in command.params if one.name != "help"]
    # A bar would end the cell, in code too.
    told = ((record[0].replace("|", "\\|"), record[1]) for record in records if record is not None)
    rows = [f"| `{name}` | {_plain(words)} |" for name, words in told]
    if rows:
        yield "\n".join(["| | what |", "|---|---|", *rows]) + "\n"
    for name, subcommand in getattr(command, "commands", {}).items():
        yield from _described(f"{path} {name}", subcommand)


def _plain(words: str) -> str:
    """One line that Markdown takes as it is written."""
    one_line = " ".join(words.split())
    for mark in "\\|*<_":
        one_line = one_line.replace(mark, "\\" + mark)
    return one_line
