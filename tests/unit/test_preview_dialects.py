"""Text tables as people write them: each shows its own columns and the file's own values, and the loader of
its card loads the same. Where a case comes from a public report, its reference stands beside it."""

from pathlib import Path

import pytest

from tests.support.tables import check_loader, loaded, names, shown

#: Name → content, columns, first row.
Case = tuple[bytes, list[str], tuple[str | None, ...]]
CASES: dict[str, Case] = {
    "semicolons": (b"a;b\n1;2\n3;4\n", ["a", "b"], ("1", "2")),
    "tabs": (b"a\tb\n1\t2\n3\t4\n", ["a", "b"], ("1", "2")),
    "bars": (b"a|b\n1|2\n3|4\n", ["a", "b"], ("1", "2")),
    "blanks": (b"a b\n1 2\n3 4\n", ["a", "b"], ("1", "2")),
    "runs of blanks": (b"  1.50   2e-3\n 10.25  -4e-3\n", ["0", "1"], ("1.50", "2e-3")),
    "a quoted separator": (b'a,b\n"1,5","x;y"\n2,z\n', ["a", "b"], ("1,5", "x;y")),
    "a quoted newline": (b'a,b\n"one\r\ntwo",2\n3,4\n', ["a", "b"], ("one\r\ntwo", "2")),
    "doubled quotes": (b'a,b\n"say ""hi""",2\n', ["a", "b"], ('say "hi"', "2")),
    "quotes after blanks": (b'a, b\n1, "x, y"\n2, "z"\n', ["a", "b"], ("1", "x, y")),
    "apostrophes": (b"'a'\t'b'\n1\t2\n", ["a", "b"], ("1", "2")),
    "an apostrophe in text": (b"a,b\nit's,don't\n", ["a", "b"], ("it's", "don't")),
    "sep line": (b"sep=;\na;b\n1,5;2\n", ["a", "b"], ("1,5", "2")),
    "decimal commas": (b"a;b\n1,5;2,5\n3,5;4,5\n", ["a", "b"], ("1,5", "2,5")),
    "thousands": (b'a,b\n"1,234",5\n"2,345,678",6\n', ["a", "b"], ("1,234", "5")),
    "no header": (b"1,2\n3,4\n", ["0", "1"], ("1", "2")),
    "years over columns": (
        b"country,1960,1961,1962\nAruba,4.8,4.7,4.5\nChad,6.2,,6.3\n",
        ["country", "1960", "1961", "1962"],
        ("Aruba", "4.8", "4.7", "4.5"),
    ),
    "a comma at line ends": (b"a,b,\n1,2,\n3,4,\n", ["a", "b"], ("1", "2")),
    "a comma at the header's end": (b"a,b,\n1,2\n3,4\n", ["a", "b"], ("1", "2")),
    "short rows": (b"a,b,c\n1,2\n3,4,5\n6\n", ["a", "b", "c"], ("1", "2", None)),
    "long rows": (b"a,b\n1,2\n3,4,5\n6,7\n", ["a", "b", ""], ("1", "2", None)),
    "names twice": (b"a,a,b\n1,2,3\n", ["a", "a", "b"], ("1", "2", "3")),
    "an empty column": (b"a,,c\n1,,3\n2,,4\n", ["a", "", "c"], ("1", "", "3")),
    "row names of R": (b'"x","y"\n"1",2,3\n"2",4,5\n', ["", "x", "y"], ("1", "2", "3")),
    "CR alone": (b"a,b\r1,2\r3,4\r", ["a", "b"], ("1", "2")),
    "blank lines": (b"\n\na,b\n\n1,2\n\n3,4\n\n", ["a", "b"], ("1", "2")),
    "rows of nothing but separators": (b"a,b\n,\n1,2\n", ["a", "b"], ("", "")),
    "comments above": (b"# made by me\n# on a Monday, at 5\na,b\n1,2\n", ["a", "b"], ("1", "2")),
    "a commented header": (b"#a,b\n1,2\n3,4\n", ["#a", "b"], ("1", "2")),
    "a commented header of words": (
        b"#name,city\nAnna,Rome\nBob,Oslo\n",
        ["#name", "city"],
        ("Anna", "Rome"),
    ),
    "a column of numbers called #": (b"#,Name\n1,Bulbasaur\n2,Ivysaur\n", ["#", "Name"], ("1", "Bulbasaur")),
    "hashtags": (b"#tag\n#one\n#two\n", ["#tag"], ("#one",)),
    "an export of Hive": (b"id\x01b\n" + b"1\x01x\n" * 40, ["id", "b"], ("1", "x")),
    "a title above": (b"Sales of 2024\n\nname,sold\nx,1\ny,2\n", ["name", "sold"], ("x", "1")),
    "a title in a padded row": (
        b"Sales,,\n,,\nname,sold,left\nx,1,2\n",
        ["name", "sold", "left"],
        ("x", "1", "2"),
    ),
    "one column": (b"name\nAnna\nBob\n", ["name"], ("Anna",)),
    "one column of numbers": (b"3.14\n2.71\n", ["0"], ("3.14",)),
    "one column of sentences": (b"text\nIt rains.\nIt has rained for days\n", ["text"], ("It rains.",)),
    "one sentence with commas": (
        b"text\nhello world\nfoo; bar, baz\nx\n",
        ["text"],
        ("hello world",),
    ),
    "one quoted sentence": (b'text\n"a, b"\nc d\n', ["text"], ("a, b",)),
    "two words are no two columns": (b"name\nAnna Berg\nBob Holm\nEve Lind\n", ["name"], ("Anna Berg",)),
    "lists in cells": (b"id,tags\n1,a|b|c\n2,a|b\n", ["id", "tags"], ("1", "a|b|c")),
    "JSON in cells": (b'id,j\n1,"{""a"": [1, 2]}"\n2,"{}"\n', ["id", "j"], ("1", '{"a": [1, 2]}')),
    "backslashes before quotes": (b'a,b\n"say \\"hi, you\\"",2\n"x",3\n', ["a", "b"], ('say "hi, you"', "2")),
    "a NUL": (b"a,b\n1\x00,2\n", ["a", "b"], ("1\x00", "2")),
    "names as strange as cells": (b'a b,"c,d",e;f\n1,2,3\n', ["a b", "c,d", "e;f"], ("1", "2", "3")),
    "dates over columns": (
        b"place,1/22/20,1/23/20\nx,1,2\ny,3,4\n",
        ["place", "1/22/20", "1/23/20"],
        ("x", "1", "2"),
    ),
    # saulpw/visidata#481: bars, though the cells have blanks, tabs and colons.
    "bars and times": (
        b"SPEED|START|SIZE\nnormal|2019/12/23 23:00:01|96M  total\nlow|2019/12/22 02:00:01|40G\ttotal\n",
        ["SPEED", "START", "SIZE"],
        ("normal", "2019/12/23 23:00:01", "96M  total"),
    ),
    # jakob/TableTool#34
    "semicolons and durations": (
        b"Duration;Phase\n6:30;First developer\n1:00;Wash 1\n",
        ["Duration", "Phase"],
        ("6:30", "First developer"),
    ),
    # mholt/PapaParse#153: more commas than separators, and all of them decimal.
    "French amounts": (
        b"101300;010114;00;A.N. au 010114;733480,00;-733480,00\n"
        b"106110;010114;00;A.N. au 010114;73348,16;-73348,16\n",
        ["0", "1", "2", "3", "4", "5"],
        ("101300", "010114", "00", "A.N. au 010114", "733480,00", "-733480,00"),
    ),
    # JoshClose/CsvHelper#1955, both examples.
    "decimal commas without a header": (b"1,1;1,2\n2,1;2,1\n", ["0", "1"], ("1,1", "1,2")),
    "quoted decimal commas": (
        b'"  1,1  ";"  1,2  "\n"  2,1  ";"  2,1  "\n',
        ["0", "1"],
        ("  1,1  ", "  1,2  "),
    ),
    # pandas-dev/pandas#14124 and #15203: a separator at the end of each row, and not of the header.
    "rows end with a comma": (b"A,B,C\n1,4,7,\n2,5,8,\n3,6,9,\n", ["A", "B", "C"], ("1", "4", "7")),
    # pandas-dev/pandas#9295: the first row alone ends with one.
    "the first row ends with a comma": (
        b"DecisionM,freq,total\n0, 9, 20, \n0, 21,33\n0, 35,65\n",
        ["DecisionM", "freq", "total"],
        ("0", " 9", " 20"),
    ),
    # duckdb/duckdb#9343, the first and the third example.
    "rows of three, one of four": (
        b"\none,two,three\n1,2,3,4\n1,2,3\n\n1,2,3\n1,2,3\n",
        ["one", "two", "three", ""],
        ("1", "2", "3", "4"),
    ),
    "rows of three, four and five": (
        b"\none,two,three\n1,2,3,4\n1,2,3\n\n1,2,3,4,5\n1,2,3,4,5\n1,2,3\n1,2,3\n1,2,3\n",
        ["one", "two", "three", "", ""],
        ("1", "2", "3", "4", None),
    ),
    # duckdb/duckdb#25827: nothing is thrown away because of one odd line.
    "a semicolon in the last line": (b"c0\nv0\na;b\n", ["c0"], ("v0",)),
    # duckdb/duckdb#14883: a quote in the middle of an unquoted cell.
    "a quote within a cell": (
        b'id,name,zone\n1,5" pipe,A\n2,x,B\n',
        ["id", "name", "zone"],
        ("1", '5" pipe', "A"),
    ),
    "a quote that is never closed": (
        b"id,name,zone\n"
        + b"".join(b"%d,x,A\n" % n for n in range(80))
        + b'80,"pipe,A\n'
        + b"".join(b"%d,x,A\n" % n for n in range(81, 170)),
        ["id", "name", "zone"],
        ("0", "x", "A"),
    ),
    # duckdb/duckdb#13043: lines above, and separators after the rows.
    "lines above and rows that end with semicolons": (
        b"Vendor Name;Test\nStart Date;06/02/2024\nTransaction Date;Settlement;Date\n"
        b"06/19/2024;06/22/2024;1435055555;\n06/14/2024;06/14/2024;1435055555;\n",
        ["Transaction Date", "Settlement", "Date"],
        ("06/19/2024", "06/22/2024", "1435055555"),
    ),
    # duckdb/duckdb#15576: a line with a date above, and apostrophes in the text.
    "a date above": (
        b"Estrazione del 2025-01-06\nidImpianto;Gestore;Nota\n1;L'ORO;\"a\"\n2;BAR DELL'ARCO;b\n3;x;c|d\n",
        ["idImpianto", "Gestore", "Nota"],
        ("1", "L'ORO", "a"),
    ),
    # rufuspollock/chrome-csv-viewer#6: names and values above, and a comma at the end of each line.
    "a time series with its station above": (
        b"PBO Station Position Time Series. Reference Frame : NOAM_I08\nFormat Version,1.1.0\n"
        b"4-character ID,AB01\nBegin Date, 2007-05-18\n"
        b"Reference position, 52.2095047957 North Latitude, -174.2 East Longitude, 25.4 meters elevation,\n"
        b"Date, North (mm), East (mm), Vertical (mm), North Std. Deviation (mm), Quality,\n"
        b"2007-05-18,3.07, -2.69, 6.56, 2.06, final,\n2007-05-19,2.36, -2.72, 3.25, 1.53, final,\n",
        ["Date", " North (mm)", " East (mm)", " Vertical (mm)", " North Std. Deviation (mm)", " Quality"],
        ("2007-05-18", "3.07", " -2.69", " 6.56", " 2.06", " final"),
    ),
    # stevehansen/csv#26
    "two lines above": (
        b"nonsense1\nnonsense2\nheader0,header1,header2\nrow0,row1,row2\nrow3,row4,row5\n",
        ["header0", "header1", "header2"],
        ("row0", "row1", "row2"),
    ),
    # janisdd/vscode-edit-csv#119: a comma in each date, and rows that end early.
    "dates with commas": (
        b"April 15, 2023;4028722987;25.00;4.00;Ray;pending;\n"
        b"April 14, 2023;4441335566;25.00;4.00;Scott;pending;\n"
        b"April 9, 2023;6783434534;25.00;4.00;Lonny;\nApril 8, 2023;7795581629;25.00;4.00;Cecelia;\n",
        ["0", "1", "2", "3", "4", "5"],
        ("April 15, 2023", "4028722987", "25.00", "4.00", "Ray", "pending"),
    ),
    # alan-turing-institute/CleverCSV#35
    "bytes and times": (
        b"bytearray(b'fake data'),20:53:06,2019-09-01T19:28:21\n"
        b"bytearray(b'fake data'),19:33:15,2005-02-15T19:10:31\n",
        ["0", "1", "2"],
        ("bytearray(b'fake data')", "20:53:06", "2019-09-01T19:28:21"),
    ),
    # alan-turing-institute/CleverCSV#37
    "JSON and times": (
        b'"{""fake"": ""json"", ""fake2"":""json2""}",13:31:38,06:00:04+01:00\n'
        b'"{""fake"": ""json"", ""fake2"":""json2""}",22:13:29,14:20:11+02:00\n',
        ["0", "1", "2"],
        ('{"fake": "json", "fake2":"json2"}', "13:31:38", "06:00:04+01:00"),
    ),
    # alan-turing-institute/CleverCSV#52
    "long dates": (
        b"item1,item2,2022-03-28 17:24:10,item4,2022-01-02 22:43:59\n"
        b"item5,item6,2022-03-29 17:24:10,item8,2022-01-03 22:43:59\n",
        ["0", "1", "2", "3", "4"],
        ("item1", "item2", "2022-03-28 17:24:10", "item4", "2022-01-02 22:43:59"),
    ),
    # langgenius/dify#42353
    "three words": (
        b"name;region;units\nwidget;EU;12\ngadget;US;7\n",
        ["name", "region", "units"],
        ("widget", "EU", "12"),
    ),
    # juspay/neurolink#1284: a row of separators alone below a header of one name.
    "a name above a row of separators": (b"name\n,,\nAlice\n", ["name"], (",,",)),
    # pandas-dev/pandas#41304: a header of R's kind, and rows that end with the separator.
    "a weather station": (
        (
            '"Местное время";"T";"Po";"P"\n"04.05.2021 09:00";"9.8";"759.0";"";\n'
            '"04.05.2021 06:00";"7.1";"758.9";"";\n'
        ).encode(),
        ["Местное время", "T", "Po", "P"],
        ("04.05.2021 09:00", "9.8", "759.0", ""),
    ),
    # Textualize/rich-cli#38: the delimiter of such a file was guessed to be a letter.
    "a table of crosses": (
        b"Features,rich,markdown,rich-cli\nhas tables,x,x\neasy to use,x,x,x\n",
        ["Features", "rich", "markdown", "rich-cli"],
        ("has tables", "x", "x", None),
    ),
    # wireservice/agate#783
    "a name and a number": (b"a\n100\n", ["a"], ("100",)),
    # bis-med-it/pysdmx#460: bars in the names of a file that is separated by commas.
    "bars in names": (
        b"DATAFLOW,freq|Frequency,TIME|Time\nESTAT:X(1.0),A|Annual,2024\nESTAT:X(1.0),A|Annual,2025\n",
        ["DATAFLOW", "freq|Frequency", "TIME|Time"],
        ("ESTAT:X(1.0)", "A|Annual", "2024"),
    ),
    # frictionlessdata/frictionless-py#803: line feeds within the cells of a file with CR LF.
    "line feeds within": (
        b'Cariche;Competenze\r\nSindaco;"uno\ndue; tre"\r\nAssessore;"quattro"\r\n',
        ["Cariche", "Competenze"],
        ("Sindaco", "uno\ndue; tre"),
    ),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_shows_its_own_columns_and_values(case: str, tmp_path: Path) -> None:
    content, columns, first = CASES[case]
    table = shown(tmp_path, "table.csv", content)
    assert names(table) == columns
    assert table.rows[0] == first
    check_loader(table)


#: Values that something else would be made of, as they stand in a file.
AS_WRITTEN = (
    *("3.2e-13", "123456789012345678901234567890", "007", "1700000000", "2024-01", "2024-01-05", "FALSE"),
    *("true", "1.50", "1e5", "+1", "-0", ".5", "5.", "1_000", "0x1F", "12:30", "1/2", "NA", "null", "None"),
    *("nan", "-inf", "", " x ", "1.00000000000000000001", "1,5", "50 %", "#N/A", "é", "𝒳", "a\tb", "=1+1"),
    "1970-01-01T00:00:00Z",
)


def test_values_stay_as_they_are_written(tmp_path: Path) -> None:
    """``FALSE`` is no boolean, 2024-01 no date, and nothing is rounded."""
    lines = [f'{number},"{value}"' for number, value in enumerate(AS_WRITTEN)]
    table = shown(tmp_path, "t.csv", ("n,value\n" + "\n".join(lines)).encode(), rows=100)
    assert tuple(row[1] for row in table.rows) == AS_WRITTEN


def test_the_loader_keeps_what_pandas_would_change(tmp_path: Path) -> None:
    """datasets/country-codes#38: Namibia's code was read as missing. adaltas/node-csv-parse#37: postcodes$
    lose their zero. And a number of 64 bits beside a gap is no floating number."""
    content = b"code,zip,n,id\nNA,00501,1,1152921504606846977\nDE,10115,NA,\n"
    frame = loaded(shown(tmp_path, "t.csv", content))
    assert frame["code"].to_list() == ["NA", "DE"]
    assert frame["zip"].to_list() == ["00501", "10115"]
    assert frame["n"].isna().to_list() == [False, True]
    assert frame["id"].iloc[0] == "1152921504606846977"


def test_the_loader_reads_decimal_commas_as_numbers(tmp_path: Path) -> None:
    frame = loaded(shown(tmp_path, "t.csv", b"a;b\n1,5;x\n2,25;y\n"))
    assert frame["a"].to_list() == [1.5, 2.25]


@pytest.mark.parametrize(
    ("cells", "dtype"),
    [("1 2", "number"), ("1 NA", "number"), ("007 010", "text"), ("1 x", "text"), ("NA NA", "")],
)
def test_a_type_is_said_of_what_is_seen(cells: str, dtype: str, tmp_path: Path) -> None:
    content = "a,b\n" + "".join(f"{cell},x\n" for cell in cells.split())
    column = shown(tmp_path, "t.csv", content.encode()).columns[0]
    assert (column.dtype, column.numeric) == (dtype, dtype == "number")


def test_a_value_that_is_missing_is_told_from_an_empty_one(tmp_path: Path) -> None:
    assert shown(tmp_path, "t.csv", b"a,b\n1,\n2\n").rows == (("1", ""), ("2", None))
