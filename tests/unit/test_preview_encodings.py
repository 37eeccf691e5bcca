"""Encodings of text tables: told by a mark, proved, or guessed and said; the loader is told of them too."""

import gzip
from pathlib import Path

import pytest

from tests.support.tables import check_loader, loaded, names, shown

WEST = "name,city\nJosé,Málaga\nZoë,Köln\n"
#: Encoding as written → text → encoding that the loader names, None where it needs none.
TEXTS = [
    ("utf-8", WEST, None),
    ("utf-8-sig", WEST, None),
    ("utf-16", WEST, "utf-16"),
    ("utf-16-le", WEST, "utf-16-le"),
    ("utf-16-be", WEST, "utf-16-be"),
    ("utf-32", WEST, "utf-32"),
    ("latin-1", WEST, "cp1252"),
    ("cp1252", "id,price\n1,€5\n2,“seven” – or so\n", "cp1252"),
    ("cp1252", "id,name\n1,“quoted”\n2,10 €\n", "cp1252"),
    ("cp1252", "id,note\n1,It’s “new”…\n", "cp1252"),
    ("cp1250", "jméno,město\nŽofie,Plzeň\nŘehoř,Děčín\n", "cp1250"),
    ("cp1251", "имя,город\nАнна,Москва\nИван,Казань\n", "cp1251"),
    ("koi8-r", "имя,город\nАнна,Москва\nИван,Казань\n", "koi8-r"),
    ("cp866", "имя,город\nАнна,Москва\nИван,Казань\n", "cp866"),
    ("cp1253", "όνομα,πόλη\nΜαρία,Αθήνα\n", "cp1253"),
    ("cp1254", "ad,şehir\nAyşe,İstanbul\nÇağrı,Muğla\n", "cp1254"),
    ("cp1256", "اسم,مدينة\nمحمد,القاهرة\n", "cp1256"),
    ("shift_jis", "名前,都市\n太郎,東京\nコーヒー,大阪\n", "cp932"),
    ("gbk", "姓名,城市\n张三,北京\n李四,上海\n", "gb18030"),
    ("big5", "姓名,城市\n張三,台北\n李四,高雄\n", "big5"),
    ("euc_kr", "이름,도시\n철수,서울\n영희,부산\n", "cp949"),
    ("cp850", WEST, "cp850"),
    ("cp850", "Maße,Straße\nÄpfel,Größe\n", "cp850"),
    ("mac_roman", WEST, "mac_roman"),
]


@pytest.mark.parametrize(("encoding", "text", "named"), TEXTS, ids=[one[0] for one in TEXTS])
def test_each_encoding_is_read_and_said(encoding: str, text: str, named: str | None, tmp_path: Path) -> None:
    table = shown(tmp_path, "t.csv", text.encode(encoding))
    written = [line.split(",") for line in text.splitlines()]
    assert [names(table), *map(list, table.rows)] == written
    assert (named or "encoding=") in table.loader if named else "encoding=" not in table.loader
    assert any("ncoding" in note for note in table.notes) == (named is not None)
    check_loader(table)
    assert list(loaded(table).iloc[0].astype(str)) == written[1]


def test_letters_that_begin_late_are_read(tmp_path: Path) -> None:
    """atviriduomenys/katalogas#782: the preview of an open-data portal ended with UnicodeDecodeError. Here
    the first 64 KiB are ASCII."""
    content = "a,b\n" + "1,x\n" * 30_000 + "2,Málaga\n"
    table = shown(tmp_path, "t.csv", content.encode("cp1252"))
    assert (table.row_count, names(table)) == (30_001, ["a", "b"])
    check_loader(table)
    assert loaded(table)["b"].iloc[-1] == "Málaga"


def test_one_broken_byte_makes_no_other_encoding_of_it(tmp_path: Path) -> None:
    content = ("a,b\n" + "é,ü\n" * 100).encode() + b"\xff,1\n"
    table = shown(tmp_path, "t.csv", content)
    assert table.rows[0] == ("é", "ü")
    assert "1 byte is not UTF-8 and stands as �." in table.notes
    check_loader(table)


def test_a_letter_that_the_head_cuts_is_no_broken_byte(tmp_path: Path) -> None:
    line = "ää,öö\n".encode()
    table = shown(tmp_path, "t.csv", b"a,b\n" + line * ((3 << 20) // len(line)))
    assert (table.notes, table.row_count) == ((), None)
    assert table.rows[-1] == ("ää", "öö")


def test_utf_16_with_tabs_and_its_own_line_ends(tmp_path: Path) -> None:
    """Excel's "Unicode text"."""
    table = shown(tmp_path, "t.csv", "a\tb\r\n1\tgrün\r\n".encode("utf-16"))
    assert (names(table), table.rows) == (["a", "b"], (("1", "grün"),))
    check_loader(table)


def test_an_encoding_within_a_packing(tmp_path: Path) -> None:
    table = shown(tmp_path, "t.csv.gz", gzip.compress("a;b\n1;Málaga\n".encode("latin-1")))
    assert table.rows == (("1", "Málaga"),)
    check_loader(table)
