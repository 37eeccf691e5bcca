"""How the command ends: whatever went wrong is one line on stderr, and an exit code that tells its kind."""

import contextlib
import errno
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from dataferry.cli.output import ExitCode, OutputClosed, print_error, print_failure, unwritable_output
from dataferry.core.errors import ConfigError, DataferryError, DiskFull, InvalidInput
from dataferry.interpreter import missing_module

if TYPE_CHECKING:
    from typer._click.exceptions import UsageError

#: What a shell shows of a program that SIGPIPE has ended.
_BROKEN_PIPE = 128 + 13
#: Beyond it the log of what was unforeseen begins anew.
_LOG_BYTES = 1_000_000
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def end_of(command: Callable[[], int | None]) -> int:
    """Run a command to its end; returns the exit code. Nothing is raised, and no stack trace is shown."""
    try:
        code = command()
        flush_output()
        return code or ExitCode.OK
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except (OutputClosed, BrokenPipeError):
        # `dataferry library | head -1` has what it wants.
        _discard_output()
        return _BROKEN_PIPE
    except Exception as error:
        _discard_output()
        return _tell(error)


def flush_output() -> None:
    """Write what is still to be written to stdout. Errors: ``BrokenPipeError``, ``DataferryError``."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritable_output(error) from error


def _discard_output() -> None:
    """Let go of what could not be written: Python would try again when it ends, and complain."""
    try:
        flush_output()
    except (OSError, DataferryError):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tell(error: Exception) -> int:
    import typer
    from typer._click.exceptions import NoArgsIsHelpError, UsageError

    if isinstance(error, NoArgsIsHelpError):
        error.show()
        return ExitCode.USAGE
    if isinstance(error, OSError):
        error = _known_fault(error) or error
    if isinstance(error, DataferryError):
        print_error(error)
        return ExitCode.of(error.code)
    if isinstance(error, typer.Abort):
        return ExitCode.INTERRUPTED
    if isinstance(error, UsageError):
        print_failure(_usage(error))
        return ExitCode.USAGE
    missing = missing_module() if isinstance(error, ModuleNotFoundError) else ""
    print_failure(missing or _unforeseen(error))
    return ExitCode.FAILED


def _known_fault(error: OSError) -> DataferryError | None:
    """What a person can mend of a name, or of the disk and its rights."""
    if error.filename and error.errno == errno.ENAMETOOLONG:
        name = Path(os.fsdecode(error.filename)).name
        return InvalidInput(f"{name[:80]!r} is too long to be a file's name.", next_step="Name another one.")
    if error.errno in _FULL and not error.filename:
        return unwritable_output(error)
    words = f"{error.filename}: {error.strerror}."
    if error.errno in _FULL:
        return DiskFull(words)
    if error.filename and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR):
        return ConfigError(
            words, next_step="Give it to this user, or set DATAFERRY_DATA_DIR to another folder."
        )
    return None


def _usage(error: "UsageError") -> str:
    """What is wrong with the command, what was meant, and where the right form is told."""
    words = " ".join(error.format_message().split())
    meant = getattr(error, "possibilities", None)
    if meant:
        words = f"{error.message}. Did you mean {' or '.join(sorted(meant))}?"
    words = words if words.endswith((".", "?", "!")) else f"{words}."
    path = error.ctx.command_path if error.ctx is not None else "dataferry"
    return f"{words} `{path} --help` shows the usage."


def _unforeseen(error: Exception) -> str:
    from dataferry.core.telemetry import redact

    what = redact("".join(traceback.format_exception_only(error)))
    return f"Something went wrong that was not foreseen: {' '.join(what.split())}. {_log(error)}"


def _log(error: Exception) -> str:
    """Keep the stack trace; returns a sentence that says where."""
    from dataferry.core.telemetry import redact

    details = redact("".join(traceback.format_exception(error)))
    if os.environ.get("DATAFERRY_LOG_LEVEL", "").upper() == "DEBUG":
        print(details, file=sys.stderr, end="")
    try:
        path = _log_file()
        with path.open("a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(f"$ dataferry {redact(' '.join(sys.argv[1:]))}\n{details}\n")
    except OSError:
        return "Run it again with DATAFERRY_LOG_LEVEL=DEBUG to see the details."
    return f"The details are in {path}: report them, please."


def _log_file() -> Path:
    """The log of the data folder, or a file of its own where there is none that can be written."""
    from dataferry.core.settings import load_settings

    with contextlib.suppress(Exception):
        path = load_settings().data_dir / "unforeseen.log"
        if path.parent.is_dir():
            fresh = path.exists() and path.stat().st_size > _LOG_BYTES
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if fresh else 0), 0o600))
            return path
    descriptor, name = tempfile.mkstemp(prefix="dataferry-", suffix=".log")
    os.close(descriptor)
    return Path(name)
