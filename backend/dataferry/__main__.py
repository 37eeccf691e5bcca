"""The command ``dataferry``, and ``python -m dataferry``."""

import sys

from dataferry.interpreter import missing_module


def main() -> None:
    """Run a command. A Python that was built without a part of its library is told of in one line."""
    try:
        from dataferry.cli import main as run

        run()
    except ModuleNotFoundError:
        missing = missing_module()
        if not missing:
            raise
        sys.exit(f"dataferry: {missing}")


if __name__ == "__main__":
    main()
