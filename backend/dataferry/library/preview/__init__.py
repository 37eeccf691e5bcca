"""The first rows of a table, whatever its format, as its file has them.

``read_table(path, name, rows)`` reads only the head of a file and answers within a second or two. It blocks,
and needs nothing but the file: it may run in any thread or process.
"""

from dataferry.library.preview.reader import CELL_CHARS, read_table
from dataferry.library.preview.table import Column, CutCell, NotATable, Table

__all__ = ["CELL_CHARS", "Column", "CutCell", "NotATable", "Table", "read_table"]
