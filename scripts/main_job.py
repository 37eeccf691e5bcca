"""The main job, once: register, ask, download a card of each source, and compare every byte.

``python -m scripts.main_job``: a real server in a process of its own, against made-up hubs.
"""

import tempfile
from pathlib import Path

from tests.support.hubs import make_hubs
from tests.support.server import Server
from tests.support.trees import expected, same

QUESTION = "Find diabetes datasets"
HUBS = ("kaggle", "huggingface")


def main() -> None:
    hubs = make_hubs()
    with (
        tempfile.TemporaryDirectory() as folder,
        hubs.kaggle,
        hubs.hub,
        Server(Path(folder) / "data", **hubs.settings) as server,
    ):
        client = server.client()
        chat = client.post("/api/chats", {}).json()
        answer = client.post(f"/api/chats/{chat['id']}/messages", {"content": QUESTION}).json()
        cards = answer["downloadable_datasets"]
        for hub in HUBS:
            card = next(card for card in cards if card["ref"].startswith(hub) and not card["gated"])
            ticket = client.post(card["download_endpoint"], {"dataset_id": card["id"]}).json()
            job = client.finished(ticket["job_id"])
            assert job["state"] == "succeeded", job
            dataset = hubs.hub.catalogue.find(hub, card["id"])
            assert dataset is not None
            same(Path(ticket["file_path"]), expected(dataset))
            print(f"{card['ref']}: every byte is there")


if __name__ == "__main__":
    main()
