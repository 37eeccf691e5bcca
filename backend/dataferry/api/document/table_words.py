"""The words of ``vocabulary`` about whole tables."""

from dataferry.api.document.word import Word

_ID = "f173f1024706"
_FILTER = '{"column": 3, "op": "ge", "values": ["100"]}'
_SELECTING = ("get_table_rows", "get_table_statistics", "get_table_media")

TABLE_WORDS: dict[str, Word] = {
    "TableList.more_files": Word("Files beyond those that are listed.", 0),
    "Bar.value": Word("The value as text: untrusted, and a long one's beginning.", "setosa"),
    "Bar.count": Word("In how many rows it is.", 50),
    "Bin.start": Word("Where it begins: a number or a date.", "4.3"),
    "Bin.end": Word("Where it ends, which belongs to the last one alone.", "4.48"),
    "Bin.count": Word("How many values are in it.", 4),
    "ColumnStatistics.name": Word("The column's name: untrusted text.", "sepal_length"),
    "ColumnStatistics.rows": Word("How many rows were looked at.", 150),
    "nulls": Word("Rows without a value, or with a word for that in a file of text (`NA`).", 0),
    "nan": Word("Values that are no number (NaN); they are in no other figure.", 0),
    "infinite": Word("Values that are infinite; they are in no other figure.", 0),
    "distinct": Word("How many different values; null where they are not counted.", 35),
    "distinct_exact": Word("`distinct` is exact; else it is an estimate within some per cent.", True),
    "min": Word("The least value, as text: a JSON number would not hold a large one.", "4.3"),
    "max": Word("The greatest value, as text.", "7.9"),
    "mean": Word("The mean of numbers.", 5.8433),
    "std": Word("The standard deviation of numbers.", 0.8253),
    "quantiles": Word("Approximate, by level.", {"0.5": 5.8}),
    "min_size": Word("The shortest: characters of a text, bytes, or entries of a list.", 4),
    "max_size": Word("The longest.", 10),
    "mean_size": Word("The mean length.", 8.3),
    "TableColumn.name": Word("The column's name: untrusted text.", "sepal_length"),
    "TableList.tables": Word("The tables, training tables first.", None),
    "prepared": Word("Every table is ready, or cannot be read: there is nothing to prepare.", True),
    "preparing": Word("A job prepares them now.", False),
    "TableRows.columns": Word("Places of the columns, in the order of the cells.", [0, 1]),
    "TableRows.rows": Word("The rows: of each column a text, or null.", [["5.1", "setosa"]]),
    "TableRows.cut": Word("Cells of which only the beginning is here.", None),
    "TableStatistics.made_at": Word("When they were computed.", "2026-05-04T10:00:00Z"),
    "TableStatistics.files": Word("SHA-256 of the files that the table is made of.", ["9f2c…"]),
    "filtered": Word("They are of the rows of a filter or search only.", False),
    "TableStatistics.columns": Word("Of each column, by its place.", None),
    "TableView.id": Word("The table, in addresses.", _ID),
    "TableView.name": Word("Of a sheet, or of a database's table; null where a file is a table.", "Sheet1"),
    "TableView.problem": Word("Why it cannot be read.", "It is empty."),
    "TableView.columns": Word("Its columns; a list of tables has the first 200.", None),
    "table": Word("`id` of the list of tables.", _ID),
    "column": Word("Places of columns, from 0.", [0, 3]),
    "get_table_media.row": Word("The row, from 0, of those that are filtered and sorted.", 0),
    "get_table_media.column": Word("The column's place, from 0.", 2),
    "filter": Word("Conditions, all of which must hold.", [_FILTER]),
    "search": Word("Rows with this text in any column.", "setosa"),
    "descending": Word("The greatest first; what has no value is last all the same.", False),
    **{f"{route}.sort": Word("The place of the column to sort by.", 0) for route in _SELECTING},
}
