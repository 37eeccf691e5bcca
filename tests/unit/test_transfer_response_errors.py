"""What answers other than the bytes mean."""

import pytest

from dataferry.core.types import Checksum
from dataferry.transfer.http.http1 import Headers
from dataferry.transfer.http.response_errors import published_checksum


def test_published_checksum_of_google_storage() -> None:
    headers = Headers([("X-Goog-Hash", "crc32c=n03x6A=="), ("X-Goog-Hash", "md5=Ojk9c3dhfxgoKVVHYwFbHQ==")])
    checksum = published_checksum(headers)
    assert checksum is not None
    assert (checksum.algorithm, checksum.grade) == ("md5", "publisher")
    assert checksum.value == "3a393d7377617f1828295547" + "63015b1d"
    assert published_checksum(Headers({"x-goog-hash": "crc32c=n03x6A==,md5=Ojk9c3dhfxgoKVVHYwFbHQ=="}))


def test_an_object_put_together_from_parts_has_a_crc_alone() -> None:
    checksum = published_checksum(Headers({"x-goog-hash": "crc32c=n03x6A=="}))
    assert checksum == Checksum("crc32c", "9f4df1e8", "transport")


@pytest.mark.parametrize("value", ["crc32c=n03x", "md5=", "md5=!!", "md5=AAAA", ""])
def test_no_published_checksum(value: str) -> None:
    assert published_checksum(Headers({"x-goog-hash": value})) is None
