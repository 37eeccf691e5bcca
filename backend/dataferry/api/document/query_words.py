"""The words of ``vocabulary`` about questions to tables."""

from dataferry.api.document.word import Word

_SQL = "SELECT species, count(*) AS rows FROM iris GROUP BY ALL"

QUERY_WORDS: dict[str, Word] = {
    "QueryRequest.sql": Word("One SELECT of DuckDB's SQL, over the dataset's tables.", _SQL),
    "QueryRequest.limit": Word("Rows of the answer, at most.", 100),
    "ExportRequest.sql": Word("One SELECT of DuckDB's SQL, over the dataset's tables.", _SQL),
    "QueryOutput.tables": Word("The tables that can be asked: the one that was meant first."),
    "QueryOutput.answer": Word("The answer; null where only the tables were asked for."),
    "QueryOutput.table": Word("The id of the table that was meant.", "f173f1024706"),
    "AskRequest.limit": Word("Rows of the answer, at most.", 100),
    "AskRequest.question": Word(
        "In words; or SQL, which is run as it is.", "average petal length by species"
    ),
    "TableAnswer.question": Word("What was asked.", "petal length by species"),
    "TableAnswer.sql": Word("What was run.", _SQL),
    "TableAnswer.result": Word("Its first rows."),
    "TableAnswer.chart": Word("The chart that suits them; null where a table says more."),
    "TableAnswer.why": Word("What the SQL does, in a sentence: a model's own words.", "Counts the rows."),
    "TableAnswer.written_by": Word("Who wrote the SQL: a model's name, `rules`, or `you`.", "rules"),
    "TableAnswer.repaired": Word("The model's first SQL failed, and this is its second.", False),
    "TableAnswer.notice": Word("Why the model did not write it; else null.", "The model refuses the key."),
    "QueryAnswer.sql": Word("What was run.", _SQL),
    "QueryAnswer.result": Word("Its first rows."),
    "QueryAnswer.chart": Word("The chart that suits them; null where a table says more."),
    "QueryRows.columns": Word("The columns, in the order of the cells."),
    "QueryRows.rows": Word("Of each column a text, cut where it is long, or null.", [["setosa", "50"]]),
    "QueryRows.more": Word("There are more rows, which an export has.", False),
    "QueryRows.seconds": Word("How long it took.", 0.21),
    "QueryColumn.name": Word("Its name in the answer: untrusted text.", "species"),
    "QueryColumn.dtype": Word("DuckDB's type.", "VARCHAR"),
    "Chart.kind": Word("How it is drawn.", "bar"),
    "Chart.x": Word("The place of the column along the horizontal axis.", 0),
    "Chart.y": Word("The place of the column of the heights; null for a histogram.", 1),
    "AskableTables.tables": Word("The table itself, then the dataset's others."),
    "AskableTables.questions": Word("Questions that this table answers."),
    "AskableTables.model": Word("The model that writes SQL; null where rules do.", "gemini-flash-latest"),
    "ReadyQuestion.question": Word("In words.", "How many rows are there for each species?"),
    "ReadyQuestion.sql": Word("The same in SQL.", _SQL),
    "AskableTable.id": Word("As the list of tables has it.", "f173f1024706"),
    "AskableTable.name": Word("As it is written in SQL.", "iris"),
    "AskableTable.label": Word("As a person is shown it.", "iris.csv"),
    "AskableTable.row_count": Word("All of its rows.", 150),
    "AskableTable.columns": Word("The first 500 of its columns."),
    "AskableColumn.name": Word("The column's name: untrusted text.", "sepal length"),
    "AskableColumn.written": Word("The name as it is written in SQL.", '"sepal length"'),
    "AskableColumn.dtype": Word("Its type in the file's own words.", "number"),
}
