"""What Dataferry needs of the Python that runs it.

``make setup`` runs this file with whatever Python it finds, so it keeps to what Python 3.4 can read, and
imports nothing of this package.
"""

import sys

OLDEST_PYTHON = (3, 11)
#: ``RETURNING`` came with it, in March 2021. A Python uses the SQLite of the system it was built on.
OLDEST_SQLITE = (3, 35, 0)
#: Modules that a Python lacks when it was built without a library, and Debian's package of that.
NEEDED_MODULES = {
    "_bz2": "libbz2-dev",
    "_ctypes": "libffi-dev",
    "_lzma": "liblzma-dev",
    "_sqlite3": "libsqlite3-dev",
    "_ssl": "libssl-dev",
    "zlib": "zlib1g-dev",
}


def dotted(version: tuple) -> str:  # type: ignore[type-arg] # tuple[int, ...] came with Python 3.9
    return ".".join(str(part) for part in version)


def missing_module() -> str:
    """One sentence about a part of the standard library that is not there; empty where all is."""
    for name, package in sorted(NEEDED_MODULES.items()):
        try:
            __import__(name)
        except ImportError:
            return (
                "This Python was built without " + name.lstrip("_") + ". Use another Python, "
                "or build it again where " + package + " is installed."
            )
    return ""


def complaint() -> str:
    """One sentence about what keeps this Python from running a checkout; empty where nothing does."""
    if sys.platform == "win32":
        return "Dataferry runs on Linux and macOS. On Windows use WSL: wsl --install"
    if sys.version_info < OLDEST_PYTHON:
        return (
            "Dataferry needs Python " + dotted(OLDEST_PYTHON) + " or newer, and this is "
            + dotted(sys.version_info[:3]) + ". Where there is a newer one: make PYTHON=python3.12 …"
        )  # fmt: skip
    missing = missing_module()
    if missing:
        return missing
    import sqlite3

    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        return (
            "Dataferry needs SQLite " + dotted(OLDEST_SQLITE) + " or newer, and this Python was built with "
            + sqlite3.sqlite_version + ". Where there is another: make PYTHON=…"
        )  # fmt: skip
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return "This Python has no venv. On Debian and Ubuntu: apt install python3-venv"
    return ""


if __name__ == "__main__":
    sys.exit(complaint() or None)
