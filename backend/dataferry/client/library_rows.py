"""The rows of the library, however many there are."""

from typing import Any

from dataferry.client.client import Client

#: Rows in one answer of the API, at most.
_PAGE_SIZE = 200


def page_here(client: Client, rows: int, number: int) -> dict[str, Any]:
    """A page of the datasets that are on the server's machine, newest change first, as the API tells of it.
    Pages count from 1."""
    wanted = {"state": "here", "page_size": rows, "page_number": number}
    page: dict[str, Any] = client.call("GET", "/api/datasets", params=wanted)
    return page


def all_here(client: Client) -> dict[str, Any]:
    """Every page as one."""
    answer = page_here(client, _PAGE_SIZE, 1)
    number = 1
    while _PAGE_SIZE * number < answer["total"]:
        number += 1
        answer["datasets"] += page_here(client, _PAGE_SIZE, number)["datasets"]
    answer["page_size"] = len(answer["datasets"])
    return answer


def rows_here(client: Client) -> list[dict[str, Any]]:
    """Each dataset that is on the server's machine, newest change first, as the API tells of it."""
    rows: list[dict[str, Any]] = all_here(client)["datasets"]
    return rows
