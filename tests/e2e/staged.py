"""A chat in any state, as the API would send it: the rest of the page's requests reach the true server.

States that take minutes, terabytes or luck to come to (a wait, a failure, ten titles of one kind) are put
together from the API's own models and answered in its place.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Page, Route

from dataferry.chat.views import ChatThread, MessageView
from dataferry.core.job_types import JobView
from dataferry.library.card_views import DatasetCard
from tests.support.server import Server

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def card(ref: str, title: str, **fields: Any) -> DatasetCard:
    source, _, dataset_id = ref.partition(":")
    label = {"kaggle": "Kaggle", "huggingface": "HuggingFace", "builtin": "Built-in"}[source]
    given = {
        "id": dataset_id,
        "title": title,
        "source": label,
        "url": f"https://example.org/{dataset_id}",
        "downloads": 81_234,
        "ref": ref,
        "key": ref.replace("/", "~"),
        "download_endpoint": f"/api/datasets/download/{source}",
        "description": "What a stranger wrote of it, on one line that is long enough to be cut somewhere.",
        "size_bytes": 4_600_000,
        "file_count": 12,
        "license": "CC0-1.0",
        "updated_at": NOW,
        "formats": ("csv", "parquet"),
        "why": "title matches · 81k downloads",
    }
    return DatasetCard.model_validate(given | fields)


def job(of: DatasetCard, state: str, **fields: Any) -> JobView:
    source = of.ref.partition(":")[0]
    given = {
        "id": f"job_{of.key}",
        "kind": "download",
        "state": state,
        "ref": of.ref,
        "key": of.key,
        "source": source,
        "title": of.title,
        "dataset_id": "ds_1",
        "created_at": NOW,
    }
    return JobView.model_validate(given | fields)


def search(cards: Sequence[DatasetCard], query: str = "staged", **output: Any) -> dict[str, Any]:
    """The part of an answer that a search leaves."""
    found = [json.loads(one.model_dump_json()) for one in cards]
    return {
        "type": "tool-search_datasets",
        "toolCallId": f"call_{query}",
        "state": "output-available",
        "input": {"query": query},
        "output": {
            "query": query,
            "downloadable_datasets": found,
            "source_errors": [],
            "more": False,
            "offset": 0,
            "waiting_for": [],
        }
        | output,
    }


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words, "state": "done"}


def stage(
    page: Page,
    server: Server,
    parts: Sequence[dict[str, Any]],
    *,
    question: str = "find it",
    jobs: Sequence[JobView] = (),
) -> None:
    """Open a chat of one question and one answer of these ``parts``, while these are the ``jobs``."""
    messages = (
        MessageView(id="msg_1", chat_id="chat_staged", role="user", content=question, timestamp=NOW),
        MessageView(
            id="msg_2",
            chat_id="chat_staged",
            role="assistant",
            content="",
            timestamp=NOW,
            parts=tuple(parts),
        ),
    )
    thread = ChatThread(id="chat_staged", title="Staged", created_at=NOW, updated_at=NOW, messages=messages)
    answer_with(page, r"/api/chats/chat_staged$", thread.model_dump_json())
    rows = ",".join(one.model_dump_json() for one in jobs)
    answer_with(page, r"/api/jobs(\?.*)?$", f"[{rows}]")
    page.goto(f"{server.address}/c/chat_staged")


def answer_with(page: Page, address: str, body: str) -> None:
    def fulfil(route: Route) -> None:
        route.fulfill(status=200, content_type="application/json", body=body)

    page.route(re.compile(address), fulfil)
