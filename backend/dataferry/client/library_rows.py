"""The rows of the library, however many there are."""

from collections.abc import Iterator
from typing import Any

from dataferry.client.client import Client

#: Rows in one answer of the API, at most.
_PAGE_SIZE = 200


def rows_here(client: Client) -> Iterator[dict[str, Any]]:
    """Each dataset that is on the server's machine, newest change first, as the API tells of it."""
    total, number = 1, 0
    while _PAGE_SIZE * number < total:
        number += 1
        wanted = {"state": "here", "page_size": _PAGE_SIZE, "page_number": number}
        page = client.call("GET", "/api/datasets", params=wanted)
        total = page["total"]
        yield from page["datasets"]
