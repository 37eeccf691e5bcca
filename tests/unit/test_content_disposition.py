"""What a server calls a file, as curl, wget and browsers take it (RFC 6266, 8187, 2231, 2047)."""

import pytest
import requests

from dataferry.sources import kaggle
from dataferry.transfer.http.content_disposition import (
    disposition_name,
    is_attachment,
    last_segment,
    plain_name,
)
from dataferry.transfer.http.http1 import Headers
from tests.support.links import LinkServer, Page


@pytest.mark.parametrize(
    ("line", "name"),
    [
        # ``filename*`` wins wherever it stands: erickutcher/httpdownloader#28, scdl-org/scdl#416
        ("attachment; filename*=UTF-8''APNG-2018.10.10.7z; filename=\"other.7z\"", "APNG-2018.10.10.7z"),
        ("attachment; filename=\"fallback.csv\"; filename*=UTF-8''na%C3%AFve.csv", "naïve.csv"),
        # mozilla-mobile/android-components#11054
        (
            "attachment;filename*=utf-8''f3I5%5F64%E4%BD%8D%2Eexe;filename=\"f3I5_64%E4%BD%8D.exe\"",
            "f3I5_64位.exe",
        ),
        # thoughtbot/paperclip#2419
        ("inline;filename*=UTF-8''Example.svg.png", "Example.svg.png"),
        # other character sets, and one that nobody knows
        ("attachment; filename*=iso-8859-1''%e4.csv", "ä.csv"),
        ("attachment; filename*=GBK''%D6%D0.csv; filename=x.csv", "中.csv"),
        ("attachment; filename*=nobodys''%e4.csv; filename=known.csv", "known.csv"),
        ("attachment; filename*=UTF-8''%e4.csv; filename=known.csv", "known.csv"),
        ("attachment; filename*=UTF-8'de'a.csv", "a.csv"),
        # written otherwise than the book has it
        ("attachment; filename *= UTF-8''a.csv", "a.csv"),
        ("attachment; filename*=\"UTF-8''a.csv\"", "a.csv"),
        ("attachment; filename*=a.csv", "a.csv"),
        ('attachment; FileName="a.csv"', "a.csv"),
        ("attachment;; filename=a.csv", "a.csv"),
        ("filename=a.csv", "a.csv"),
        ('attachment; filename="a.csv', "a.csv"),
        ("attachment; filename=my own file.csv", "my own file.csv"),
        ("attachment; filename='my own.csv'", "my own.csv"),
        # aria2/aria2#1118, gbif/ipt#2922
        ('attachment; filename="opensmile-2.3.0.tar.gz";', "opensmile-2.3.0.tar.gz"),
        ('filename="dwca-am_a16s_aquatic-v1.0.zip"', "dwca-am_a16s_aquatic-v1.0.zip"),
        # aria2/aria2#813, #425, #1873
        ('attachment;filename="\xe4\xb8\xad.rar"', "中.rar"),
        ('inline; filename="%EC%82%AC%EB%B3%B8_-DSC02499.jpg"', "사본_-DSC02499.jpg"),
        ("attachment; filename=%e3%83%86%e3%82%b9%e3%83%88", "テスト"),
        # semicolons and quotes in quotes
        ('attachment; filename="a;b.csv"; size=3', "a;b.csv"),
        ('attachment; filename="a \\"b\\" c.csv"', 'a "b" c.csv'),
        ('attachment; note="filename=bad.csv"; filename=good.csv', "good.csv"),
        # in pieces (RFC 2231)
        ("attachment; filename*0=long; filename*1=name.csv", "longname.csv"),
        ("attachment; filename*1*=%A4.csv; filename*0*=UTF-8''%C3", "ä.csv"),
        ("attachment; filename*0*=UTF-8''a; filename*2=b.csv", ""),
        # encoded words (RFC 2047)
        ('attachment; filename="=?UTF-8?B?w6QuY3N2?="', "ä.csv"),
        ('attachment; filename="=?ISO-8859-1?Q?=E4.csv?="', "ä.csv"),
        ('attachment; filename="=?nobodys?Q?a.csv?="', "=?nobodys?Q?a.csv?="),
        # escapes, where they stand for another letter than ASCII's or a blank
        ('attachment; filename="na%C3%AFve.csv"', "naïve.csv"),
        ('attachment; filename="my%20file.csv"', "my file.csv"),
        ('attachment; filename="foo-%41.csv"', "foo-%41.csv"),
        ('attachment; filename="100%.csv"', "100%.csv"),
        # raw bytes: UTF-8, Latin-1, Windows
        ('attachment; filename="Ã¤.csv"', "ä.csv"),
        ('attachment; filename="\xe4.csv"', "ä.csv"),
        ('attachment; filename="\x80.csv"', "€.csv"),
        ("attachment", ""),
        ("attachment; filename=", ""),
        ("", ""),
    ],
)
def test_the_name_that_a_server_gives(line: str, name: str) -> None:
    assert disposition_name(Headers([("Content-Disposition", line)])) == name


def test_the_first_line_that_names_it_counts() -> None:
    lines = ["attachment", "attachment; filename=a.csv", "inline; filename=b.csv"]
    headers = Headers([("Content-Disposition", line) for line in lines])
    assert disposition_name(headers) == "a.csv"
    assert is_attachment(headers)
    assert not is_attachment(Headers([("Content-Disposition", "inline; filename=a.csv")]))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\a.csv", "a.csv"),
        ("a.csv. . ", "a.csv"),
        ("..", ""),
        ("a\x00b\r\n.csv", "a_b__.csv"),
        ("invoice\u202exslx.csv", "invoice_xslx.csv"),
        ("n" * 300 + ".csv", "n" * 146 + ".csv"),
        ("n" * 300 + ".tar.gz", "n" * 143 + ".tar.gz"),
        ("位" * 100 + ".csv", "位" * 78 + ".csv"),
    ],
)
def test_a_name_is_fit_for_a_file(path: str, name: str) -> None:
    assert plain_name(path) == name
    assert len(name.encode()) <= 255


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://h/a/b%20c.csv?x=/d.csv", "b c.csv"),
        ("https://h/r%C3%A9sum%C3%A9.csv", "résumé.csv"),
        ("https://h/r%E9sum%E9.csv", "résumé.csv"),
        ("https://h/a%2Fb.csv", "b.csv"),
        ("https://h/a/", ""),
    ],
)
def test_the_name_in_a_url(url: str, name: str) -> None:
    assert last_segment(url) == name


def test_kaggles_storage_names_its_files_so_too() -> None:
    given = "attachment; filename=\"r_sum_.csv\"; filename*=UTF-8''r%C3%A9sum%C3%A9.csv"
    with LinkServer() as server:
        server.pages["/archive.zip"] = Page(headers={"Content-Disposition": given})
        server.pages["/a%20b.csv"] = Page()
        named = requests.get(f"http://{server.host}/archive.zip", timeout=5)
        plain = requests.get(f"http://{server.host}/a%20b.csv?sig=/x", timeout=5)
    assert kaggle._file_name(named) == "résumé.csv"
    assert kaggle._file_name(plain) == "a b.csv"
