"""Bytes that are in the store already are linked, by whoever may have them, and taken from nobody."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.catalogue import grace
from tests.fakes.content import Blob, generated, text
from tests.fakes.dataset import FakeDataset, Hub
from tests.support.hubs import Hubs, make_hubs
from tests.support.server import Client, Server

WAIT = {"Prefer": "wait"}
BIG = 300_000


@pytest.fixture
def hubs() -> Iterator[Hubs]:
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        yield hubs


@pytest.fixture
def server(tmp_path: Path, hubs: Hubs) -> Iterator[Server]:
    token = grace().hf_token
    with Server(tmp_path / "data", HF_TOKEN=token, DATAFERRY_SEARCH_CACHE_S="0", **hubs.settings) as server:
        yield server


@pytest.fixture
def ada(server: Server) -> Client:
    return server.client()


def big(seed: int) -> Callable[[], dict[str, Blob]]:
    return lambda: {"data/big.bin": generated(BIG, seed)}


def offer(
    hubs: Hubs, dataset_id: str, make: Callable[[], dict[str, Blob]], *, hub: Hub = "huggingface", **more: Any
) -> FakeDataset:
    dataset = FakeDataset(hub, dataset_id, "A title", "Words", "mit", make, **more)
    fake = hubs.hub if hub == "huggingface" else hubs.kaggle
    for account in fake.catalogue.accounts:
        if account.name == "grace":
            account.owns.add(dataset_id)
    return fake.catalogue.add(dataset)


def download(client: Client, dataset: FakeDataset, **more: Any) -> Path:
    body = {"dataset_id": dataset.id, **more}
    answer = client.post(f"/api/datasets/download/{dataset.hub}", body, headers=WAIT)
    assert answer.status_code == 200, answer.text
    return Path(answer.json()["file_path"])


def fetched(hubs: Hubs, dataset: FakeDataset) -> set[str]:
    """The files of a dataset whose bytes the hub has been asked for, without those it adds itself."""
    requests = hubs.hub.requests(f"/datasets/{dataset.id}/resolve/")
    paths = {request.path.partition("/resolve/")[2].partition("/")[2] for request in requests}
    return paths - {"README.md", ".gitattributes"}


def used(client: Client) -> int:
    return int(client.get("/api/storage").json()["dataset_bytes"])


def inode(path: Path) -> tuple[int, int]:
    return path.stat().st_dev, path.stat().st_ino


def test_a_new_version_fetches_what_has_changed_and_links_the_rest(hubs: Hubs, ada: Client) -> None:
    same = {"data/big.bin": generated(BIG, 1), "small.csv": text("a,b\n1,2\n")}
    dataset = offer(hubs, "acme/versions", lambda: {**same, "news.csv": text("old\n")})
    first = download(ada, dataset)
    one = used(ada)
    dataset.publish(lambda: {**same, "news.csv": text("new\n")})
    hubs.hub.log.clear()
    second = download(ada, dataset, revision=dataset.sha(2))
    assert second != first
    # The large file is known by its SHA-256, the small one by git's hash.
    assert fetched(hubs, dataset) == {"news.csv"}
    for path in same:
        assert inode(first / path) == inode(second / path)
        assert (second / path).stat().st_mode & 0o7777 == 0o444
    assert (second / "news.csv").read_text() == "new\n"
    assert used(ada) < one + BIG / 10


def test_deleting_one_version_leaves_the_other_whole_and_says_what_it_frees(hubs: Hubs, ada: Client) -> None:
    dataset = offer(hubs, "acme/deleted", big(2))
    first = download(ada, dataset)
    dataset.publish(lambda: {**big(2)(), "more.csv": text("x" * 5000)})
    second = download(ada, dataset, revision=dataset.sha(2))
    key = "huggingface:acme~deleted"
    deletion = ada.http.delete(f"/api/datasets/{key}/data", params={"revision": dataset.sha(1)}).json()
    assert deletion["freed_bytes"] == 0
    assert ada.finished(deletion["job_id"])["state"] == "succeeded"
    assert not first.exists()
    assert (second / "data/big.bin").read_bytes() == generated(BIG, 2).read(0, BIG)
    last = ada.http.delete(f"/api/datasets/{key}/data").json()
    assert last["freed_bytes"] > BIG + 5000
    assert ada.finished(last["job_id"])["state"] == "succeeded"
    assert used(ada) == 0


def test_another_public_dataset_is_linked_to_and_a_damaged_copy_never(hubs: Hubs, ada: Client) -> None:
    one, two, three = (offer(hubs, f"acme/copy-{name}", big(3)) for name in "abc")
    first = download(ada, one) / "data/big.bin"
    second = download(ada, two) / "data/big.bin"
    assert inode(first) == inode(second)
    assert fetched(hubs, two) == set()
    second.chmod(0o644)
    with second.open("r+b") as file:
        file.write(b"damage")
    second.chmod(0o444)
    third = download(ada, three) / "data/big.bin"
    assert fetched(hubs, three) == {"data/big.bin"}
    assert third.read_bytes() == generated(BIG, 3).read(0, BIG)


def test_an_update_keeps_the_bytes_that_have_stayed(hubs: Hubs, ada: Client) -> None:
    dataset = offer(hubs, "acme/updated", big(4))
    before = inode(download(ada, dataset) / "data/big.bin")
    dataset.publish(lambda: {**big(4)(), "more.csv": text("x\n")})
    hubs.hub.log.clear()
    job = ada.finished(ada.post("/api/datasets/huggingface:acme~updated/update").json()["job_id"])
    assert job["state"] == "succeeded", job
    assert inode(Path(job["file_path"]) / "data/big.bin") == before
    assert fetched(hubs, dataset) == {"more.csv"}


def test_a_forced_download_fetches_every_byte(hubs: Hubs, ada: Client) -> None:
    dataset = offer(hubs, "acme/forced", big(5))
    before = inode(download(ada, dataset) / "data/big.bin")
    hubs.hub.log.clear()
    after = inode(download(ada, dataset, force_download=True) / "data/big.bin")
    assert after != before
    assert fetched(hubs, dataset) == {"data/big.bin"}


def test_a_restricted_file_is_linked_into_its_own_dataset_only(hubs: Hubs, ada: Client) -> None:
    secret = offer(hubs, "acme/secret", big(6), private=True)
    first = download(ada, secret) / "data/big.bin"
    # Another restricted dataset, and a public one, with the same bytes.
    other = offer(hubs, "acme/other-secret", big(6), private=True)
    public = offer(hubs, "acme/public", big(6))
    assert inode(download(ada, other) / "data/big.bin") != inode(first)
    found = download(ada, public) / "data/big.bin"
    assert fetched(hubs, public) == {"data/big.bin"}
    assert inode(found) != inode(first)
    # Its own next version may; and what is public may be linked into a restricted one.
    secret.publish(lambda: {**big(6)(), "more.csv": text("x\n")})
    hubs.hub.log.clear()
    second = download(ada, secret, revision=secret.sha(2))
    assert fetched(hubs, secret) == {"more.csv"}
    assert second.stat().st_mode & 0o777 == 0o700
    third = offer(hubs, "acme/third-secret", big(6), private=True)
    assert inode(download(ada, third) / "data/big.bin") == inode(found)
    assert fetched(hubs, third) == set()


def test_members_of_an_archive_share_the_bytes_of_the_former_version(hubs: Hubs, ada: Client) -> None:
    same = {"a.bin": generated(BIG, 7), "b.csv": text("x,y\n1,2\n")}
    dataset = offer(hubs, "acme/archive", lambda: {**same, "c.csv": text("old\n")}, hub="kaggle")
    first = download(ada, dataset)
    one = used(ada)
    dataset.publish(lambda: {**same, "c.csv": text("new\n")})
    second = download(ada, dataset)
    assert second != first
    for path in same:
        assert inode(first / path) == inode(second / path)
    assert (second / "c.csv").read_text() == "new\n"
    assert used(ada) < one + BIG / 10
    assert {path.name for path in second.iterdir()} == {*same, "c.csv"}


def test_verified_bytes_are_not_given_up_for_a_damaged_copy(hubs: Hubs, ada: Client) -> None:
    dataset = offer(hubs, "acme/rotten", lambda: {"a.bin": generated(BIG, 8)}, hub="kaggle")
    first = download(ada, dataset) / "a.bin"
    first.chmod(0o644)
    with first.open("r+b") as file:
        file.write(b"damage")
    first.chmod(0o444)
    dataset.publish(lambda: {"a.bin": generated(BIG, 8), "b.csv": text("x\n")})
    second = download(ada, dataset) / "a.bin"
    assert second.read_bytes() == generated(BIG, 8).read(0, BIG)


def test_a_view_that_two_versions_share_outlives_either(hubs: Hubs, ada: Client) -> None:
    dataset = offer(hubs, "acme/viewed", big(9))
    view = download(ada, dataset, download_path="mine")
    dataset.publish(lambda: {**big(9)(), "more.csv": text("x\n")})
    assert download(ada, dataset, revision=dataset.sha(2), download_path="mine") == view
    where = {"revision": dataset.sha(1)}
    deletion = ada.http.delete("/api/datasets/huggingface:acme~viewed/data", params=where).json()
    assert ada.finished(deletion["job_id"])["state"] == "succeeded"
    assert (view / "data/big.bin").read_bytes() == generated(BIG, 9).read(0, BIG)
    deletion = ada.http.delete("/api/datasets/huggingface:acme~viewed/data").json()
    assert ada.finished(deletion["job_id"])["state"] == "succeeded"
    assert not view.exists()
