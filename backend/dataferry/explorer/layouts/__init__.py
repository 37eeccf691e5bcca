"""The forms that image datasets come in, told by the names of their files and the heads of a few small
ones."""

from dataferry.explorer.layouts.contract import FileSet, FoundImage, Layout, Place, Runs
from dataferry.explorer.layouts.recognised import Unrecognised, recognise

__all__ = ["FileSet", "FoundImage", "Layout", "Place", "Runs", "Unrecognised", "recognise"]
