"""``python -m dataferry.cli``."""

from dataferry.cli import main

main()
