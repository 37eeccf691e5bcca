"""Whether the file came, or a page in its place."""

import pytest

from dataferry.transfer.http.http1 import Headers
from dataferry.transfer.http.web_pages import page_in_place_of

HTML, TEXT, OCTETS = "text/html; charset=utf-8", "text/plain", "application/octet-stream"
LOGIN = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head>"
DENIED = b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>'
ATTACHED = 'attachment; filename="x"'


def came(name: str, kind: str, head: bytes, disposition: str = "") -> str | None:
    lines = [("Content-Type", kind), ("Content-Disposition", disposition)]
    return page_in_place_of(name, Headers([line for line in lines if line[1]]), head)


@pytest.mark.parametrize("kind", [HTML, TEXT, OCTETS, "text/csv", "application/zip", ""])
@pytest.mark.parametrize("name", ["data.csv", "data.parquet", "data.zip", "data.json", "data", "data.bin"])
@pytest.mark.parametrize(
    "head",
    [
        LOGIN,
        b"\xef\xbb\xbf" + LOGIN,
        b"\r\n \t\n" + LOGIN,
        b"<!-- generated\n by -->\n" + LOGIN,
        b"<!-- a --><!-- b --><HTML lang=en>",
        b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN">',
        b"<head><meta charset=utf-8>",
        b"<body>Please log in",
        # pytorch/vision#8275, #5716
        b"<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title><meta http-equiv=",
        ("\ufeff" + LOGIN.decode()).encode("utf-16-le"),
        ("\ufeff" + LOGIN.decode()).encode("utf-16-be"),
    ],
)
def test_a_page_is_no_data_whatever_it_is_called(name: str, kind: str, head: bytes) -> None:
    """ea4k/klog#1141 (a captcha in place of cty.csv), robertying/learnX#756, coral-erm/coral#254."""
    assert came(name, kind, head) == "a web page"


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("data.csv", b"id,name\n1,Ada\n"),
        ("data.csv", b"<b>bold</b>;x\n"),
        ("data.csv", b"<TICKER>,<PER>,<DATE>,<TIME>\n"),
        # silverstripe/silverstripe-mimevalidator#22
        ("data.csv", b'id,text\n1,"<a href=""http://example.com"">Click here</a>"\n'),
        ("data.csv", b"<title>,<author>\nDune,Herbert\n"),
        ("data.csv", b"<table>\t<form>\n"),
        ("data.csv", b"<head>,<body>\n"),
        ("data.zip", b"PK\x03\x04"),
        ("data.json", b'{"html": "<html>"}'),
        ("data", b"[1, 2]"),
        ("data.parquet", b"PAR1\x15\x04"),
        ("data.gz", b"\x1f\x8b\x08"),
        ("data.xml", b"<?xml version='1.0'?>\n<rows><row/></rows>"),
        ("plot.svg", b"<svg xmlns='http://www.w3.org/2000/svg'>"),
        ("plot.svg", b"<?xml version='1.0'?>\n<!-- made by -->\n<svg>"),
        ("report.html", LOGIN),
        ("report.htm", b"<h1>Report</h1>"),
        ("page.xhtml", b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'>"),
        ("archive.mhtml", b"From: <Saved by Blink>"),
        ("empty.csv", b""),
    ],
)
def test_a_file_called_a_page_is_a_file(name: str, head: bytes) -> None:
    for kind in (HTML, TEXT, OCTETS, ""):
        assert came(name, kind, head) is None, kind


def test_pieces_of_a_page_count_where_the_type_says_so() -> None:
    for head in (
        b"<h1>404</h1>",
        b'<meta http-equiv="refresh" content="0; url=/login">',
        b"<script>location.href='/login'</script>",
        b"<!-- nothing else -->\n",
        b"<p>Please sign in</p>",
    ):
        assert came("data.csv", HTML, head) == "a web page"
        assert came("data.csv", "text/csv", head) is None


def test_text_that_may_hold_a_page() -> None:
    """Tables that Excel is given as pages, pages kept as text."""
    assert came("table.xls", "application/vnd.ms-excel", b"<html><table>") is None
    assert came("page.txt", TEXT, LOGIN) is None
    assert came("page.txt", HTML, LOGIN) == "a web page"
    assert came("report", HTML, LOGIN, ATTACHED) is None
    assert came("data.csv", HTML, LOGIN, ATTACHED) == "a web page"


@pytest.mark.parametrize("name", ["data.csv", "data.parquet", "data.zip", "data.json", "data.tar"])
def test_a_storages_refusal_is_no_data(name: str) -> None:
    assert came(name, "application/xml", DENIED) == "a message in XML"
    assert came("feed.xml", "application/xml", DENIED) is None
    assert came("data", "application/xml", DENIED) is None


def test_a_text_in_place_of_a_binary_file() -> None:
    for head in (b"Please log in.\n", b'{"message": "Unauthorized"}', "Zugriff verweigert: ü".encode()):
        assert came("data.parquet", OCTETS, head) == "a text"
        assert came("data.csv", OCTETS, head) is None
    for name, head in (
        ("a.parquet", b"PAR1\x15\x00"),
        ("a.npy", b"\x93NUMPY\x01\x00v\x00{'descr': "),
        ("a.h5", b"\x89HDF\r\n\x1a\n"),
        ("a.xlsx", b"PK\x03\x04\x14\x00"),
        ("a.png", b"\x89PNG\r\n"),
        ("a.feather", b"ARROW1\x00\x00"),
        ("a.csv.gz", b"id,name\n"),  # unpacked by its server: googleapis/nodejs-storage#709
    ):
        assert came(name, OCTETS, head) is None
