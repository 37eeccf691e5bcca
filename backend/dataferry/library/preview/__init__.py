"""The first rows of a table, whatever its format, as its file has them.

``read_table(path, name, rows)`` reads only the head of a file, in a process of its own with limits of memory
and time, and answers within a second or two. It blocks, and needs nothing but the file.
"""

from dataferry.library.preview.process import ReadLimits, read_table
from dataferry.library.preview.reader import CELL_CHARS, read_here
from dataferry.library.preview.table import Column, CutCell, LeftOut, NotATable, Table

__all__ = [
    "CELL_CHARS",
    "Column",
    "CutCell",
    "LeftOut",
    "NotATable",
    "ReadLimits",
    "Table",
    "read_here",
    "read_table",
]
