"""The first rows of a table, whatever its format, as its file has them.

``read_table(path, name, rows)`` reads only the head of a file, in a process of its own with limits of memory
and time, and answers within a second or two. It blocks, and needs nothing but the file.
"""

from dataferry.library.preview.process import ReadLimits, make_thumbnails, read_table, thumbnails_in_table
from dataferry.library.preview.reader import CELL_CHARS, read_here
from dataferry.library.preview.table import Column, CutCell, LeftOut, NotATable, Table
from dataferry.library.preview.thumbnails import Thumbnail

__all__ = [
    "CELL_CHARS",
    "Column",
    "CutCell",
    "LeftOut",
    "NotATable",
    "ReadLimits",
    "Table",
    "Thumbnail",
    "make_thumbnails",
    "read_here",
    "read_table",
    "thumbnails_in_table",
]
