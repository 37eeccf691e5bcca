"""The command ``git-datasets``, which git runs for ``git datasets …``; its hooks call it too.

What a command needs is imported when it runs: hooks start often.
"""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from dataferry.core.errors import DataferryError
from dataferry.versioning.console import say, show

if TYPE_CHECKING:
    import argparse

    from dataferry.versioning.repository import Repository

Run = Callable[["argparse.Namespace"], int]

_HOOKS = ("_pre-commit", "_pre-merge-commit", "_post-commit", "_post-merge", "_follow", "_pre-push", "_merge")


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 all went well, 1 it did not, 2 wrong usage, 130 interrupted."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if given[:1] and given[0] in _HOOKS:
            return _hook(given[0], given[1:])
        options = _parser().parse_args(given)
        run: Run = options.run
        return run(options)
    except (DataferryError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            sys.stderr.close()  # whoever read us has what they wanted
            return 0
        from dataferry.versioning.hooks.following import told

        say(" ".join(told(error)))
        return 1
    except KeyboardInterrupt:
        say("Interrupted. What is done is kept; run it again to go on.")
        return 130


def _hook(name: str, arguments: list[str]) -> int:
    from dataferry.versioning.repository import Repository

    if name == "_merge":
        from pathlib import Path

        from dataferry.versioning.hooks.merging import merge_files

        base, ours, theirs, path = arguments
        return merge_files(Path(base), Path(ours), Path(theirs), path)
    repository = Repository.open()
    if name == "_pre-push":
        from dataferry.versioning.hooks.transfers import push_locks, pushed_locks

        locks = pushed_locks(repository, arguments[0], sys.stdin.read().splitlines())
        push_locks(repository, locks, say, url=arguments[1])
        return 0
    from dataferry.versioning.hooks.following import follow

    if name in ("_pre-commit", "_pre-merge-commit"):
        from dataferry.versioning.hooks.committing import before_commit, before_merge_commit
        from dataferry.versioning.hooks.installing import repair

        repair(repository)  # so that the folders follow this commit
        if name == "_pre-commit":
            before_commit(repository, int(arguments[0]), say)
        else:
            before_merge_commit(repository)
        return 0
    follow(repository, say)
    if name != "_follow":
        from dataferry.versioning.hooks.committing import stale_locks
        from dataferry.versioning.hooks.trusting import trust_own_commit

        for path in repository.tracked():
            trust_own_commit(repository, path)
        for sentence in stale_locks(repository):
            say(sentence)
    return 0


# -- the commands -------------------------------------------------------------------------------------------


def _open() -> "Repository":
    """The repository here, once what killed commands and commits that failed have left is mended."""
    from dataferry.versioning.hooks.staging import conclude
    from dataferry.versioning.repository import Repository
    from dataferry.versioning.tree.working_tree import exclusive, heal

    repository = Repository.open()
    with exclusive(repository):
        heal(repository)
    conclude(repository)
    return repository


def _init(options: "argparse.Namespace") -> int:
    from dataferry.versioning.commands.status import summary
    from dataferry.versioning.hooks.following import MANUAL, follow
    from dataferry.versioning.hooks.installing import install

    repository = _open()
    if options.no_fetch:
        repository.git("config", "--local", MANUAL, "manual")
    install(repository)
    done = follow(repository, say)
    say("Hooks are installed: the data follows git's commands in this clone.")
    for line in summary(repository):
        say(line)
    return 0 if done else 1


def _track(options: "argparse.Namespace") -> int:
    from dataferry.versioning.commands.tracking import track

    for line in track(_open(), options.file):
        say(line)
    return 0


def _status(options: "argparse.Namespace") -> int:
    from dataferry.versioning.commands.status import status

    return _write(status(_open()))


def _restore(options: "argparse.Namespace") -> int:
    from dataferry.versioning.commands.tracking import restore

    return 0 if restore(_open(), options.revision, options.files, say) else 1


def _trust(options: "argparse.Namespace") -> int:
    from dataferry.versioning.commands.tracking import trust

    for line in trust(_open(), options.files):
        say(line)
    return 0


def _log(options: "argparse.Namespace") -> int:
    from dataferry.versioning.commands.history import log

    return _write(log(_open(), options.files, options.number))


def _diff(options: "argparse.Namespace") -> int:
    from dataferry.versioning.commands.diff import diff_lines

    return _write(diff_lines(_open(), options.before, options.after))


def _push(options: "argparse.Namespace") -> int:
    from dataferry.versioning.hooks.transfers import locks_of, push_locks

    repository = _open()
    locks = locks_of(repository, ["--all"] if options.all else ["HEAD"])
    push_locks(repository, locks, say, repair=options.repair)
    say("The data is at its remotes.")
    return 0


def _fetch(options: "argparse.Namespace") -> int:
    from dataferry.versioning.commands.tracking import fetch
    from dataferry.versioning.hooks.transfers import fetch_all

    repository = _open()
    if options.all:
        fetch_all(repository, say)
    return 0 if fetch(repository, options.field, options.rows, say) else 1


def _gc(options: "argparse.Namespace") -> int:
    from dataferry.versioning.commands.collecting import collect_garbage

    for line in collect_garbage(
        _open(), older_than_days=options.older_than, remote=options.remote, dry_run=options.dry_run
    ):
        say(line)
    return 0


def _doctor(_options: "argparse.Namespace") -> int:
    from dataferry.versioning.commands.doctor import examine

    return examine(_open(), say)


def _write(lines: Sequence[str]) -> int:
    show(lines)
    return 0


def _rows(text: str) -> tuple[int, int]:
    """The first row, and the one behind the last."""
    first, colon, end = text.partition(":")
    try:
        begin = int(first or 0)
        return begin, (int(end or sys.maxsize) if colon else begin + 1)
    except ValueError:
        from argparse import ArgumentTypeError

        raise ArgumentTypeError(f"{text!r} is no row and no range: write 7, 0:100 or 100:") from None


def _parser() -> "argparse.ArgumentParser":
    import argparse

    parser = argparse.ArgumentParser(
        prog="git datasets", description="Version datasets with git: index.py says what the data is."
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run: Run, about: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=about, description=about)
        added.set_defaults(run=run)
        return added

    init = command("init", _init, "Install the hooks and bring the data; once after git clone.")
    init.add_argument("--no-fetch", action="store_true", help="leave files until git datasets fetch")
    track = command("track", _track, "Let git version the dataset that a file describes.")
    track.add_argument("file", metavar="FILE", help="usually index.py")
    command("status", _status, "Show what is here, and what a commit would do.")
    diff = command("diff", _diff, "Show which rows and fields differ: in the working tree, or in revisions.")
    diff.add_argument("before", nargs="?", default="HEAD", metavar="REVISION")
    diff.add_argument("after", nargs="?", metavar="REVISION")
    log = command("log", _log, "Show the commits that have changed the data.")
    log.add_argument("-n", "--number", type=int, default=20, help="how many, at most")
    log.add_argument("files", nargs="*", metavar="FILE")
    restore = command(
        "restore", _restore, "Bring folders and dataset.sqlite back, of this version or another."
    )
    restore.add_argument("revision", nargs="?", metavar="REVISION")
    restore.add_argument("files", nargs="*", metavar="FILE")
    trust = command("trust", _trust, "Let commits run the functions of a file that others have written.")
    trust.add_argument("files", nargs="*", metavar="FILE")
    push = command("push", _push, "Bring the data to its remotes, as git push does.")
    push.add_argument("--all", action="store_true", help="of all branches and tags")
    push.add_argument("--repair", action="store_true", help="read what is there, and mend what is damaged")
    fetch = command("fetch", _fetch, "Bring the data from its remotes.")
    fetch.add_argument("--field", action="append", metavar="NAME", help="only of this field; may be repeated")
    fetch.add_argument("--all", action="store_true", help="of all branches and tags")
    fetch.add_argument("--rows", type=_rows, metavar="FIRST:END", help="only of these rows")
    gc = command("gc", _gc, "Delete data that no commit needs, here or at a remote.")
    gc.add_argument("--dry-run", action="store_true", help="only say what would be deleted")
    gc.add_argument("--older-than", type=float, default=14, metavar="DAYS", help="by default 14")
    gc.add_argument("--remote", metavar="NAME", help="at this remote; first fetch all branches")
    command("doctor", _doctor, "Look for what is wrong, and mend what can be mended.")
    return parser
