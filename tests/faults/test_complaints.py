"""What users of today's tools lose, and do not lose here: through the product's own routes.

A real ``dataferry serve``, fake hubs and a file server that really do what is complained of. Downloads
are asked for over HTTP and followed to their end; then the files are compared byte for byte.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.catalogue import seeded
from tests.fakes.content import generated
from tests.fakes.dataset import FakeDataset, Hub
from tests.fakes.files import FileServer
from tests.fakes.hub import HubFake
from tests.fakes.kaggle import KaggleFake
from tests.fakes.made import Files
from tests.support.hubs import Hubs
from tests.support.mounts import small_disk
from tests.support.server import Client, Server, until
from tests.support.trees import disk_usage, expected, same

MB = 1_000_000
#: A kill may cost so much on each of a download's connections, and what was in the sockets besides.
PIECE = 4 * 2**20 + 512 * 1024
CONNECTIONS = 4


@pytest.fixture(scope="module")
def hubs() -> Iterator[Hubs]:
    """Each hub on an address of its own, as one may be limited while another is not."""
    catalogue = seeded()
    hubs = Hubs(KaggleFake(catalogue, host="127.0.0.2"), HubFake(catalogue, host="127.0.0.3"))
    with hubs.kaggle, hubs.hub:
        yield hubs


@pytest.fixture(autouse=True)
def _healed(hubs: Hubs) -> Iterator[None]:
    yield
    hubs.heal()


def settings(hubs: Hubs, **more: str) -> dict[str, Any]:
    return {
        **hubs.settings,
        "DATAFERRY_STALL_TIMEOUT_S": "0.5",
        "DATAFERRY_RETRIES": "6",
        "DATAFERRY_TRANSFER_CONNECTIONS": str(CONNECTIONS),
        **more,
    }


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server") / "data", **settings(hubs)) as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client()


@pytest.fixture
def files() -> Iterator[FileServer]:
    with FileServer(host="127.0.0.4") as files:
        yield files


def publish(hubs: Hubs, hub: Hub, name: str, make: Callable[[], Files], **more: Any) -> FakeDataset:
    """A dataset of a test's own at one of the hubs."""
    licence = "MIT" if hub == "kaggle" else "mit"
    dataset = FakeDataset(
        hub, f"complaints/{name}", title=name, description=name, license=licence, make=make, **more
    )
    return hubs.hub.catalogue.add(dataset)


def one_large(megabytes: int = 24, seed: int = 7) -> Callable[[], Files]:
    blob = generated(megabytes * MB, seed)
    return lambda: {"data/large.bin": blob}


def ask(client: Client, source: str, dataset_id: str) -> dict[str, Any]:
    answer = client.post("/api/datasets/download-dataset", {"source": source, "dataset_id": dataset_id})
    assert answer.status_code == 202, answer.text
    ticket: dict[str, Any] = answer.json()
    return ticket


def arrives(client: Client, ticket: dict[str, Any]) -> tuple[dict[str, Any], Path]:
    """The job, which must succeed, and where its files are."""
    job = client.finished(ticket["job_id"], 60)
    assert job["state"] == "succeeded", job
    return job, Path(job["file_path"])


def waits(client: Client, ticket: dict[str, Any]) -> dict[str, Any]:
    """The job once it waits for its next attempt."""

    def waiting() -> dict[str, Any] | None:
        job = client.job(ticket["job_id"])
        return job if job["state"] == "waiting" else None

    return until(waiting, f"job {ticket['job_id']} waits")


def bytes_sent(hubs: Hubs, dataset: FakeDataset) -> int:
    """Bytes of a dataset's large file that its hub has sent."""
    fake = hubs.kaggle if dataset.hub == "kaggle" else hubs.hub
    return sum(
        request.bytes_sent
        for request in fake.requests(server="storage")
        if request.dataset == dataset.id and request.status in (200, 206)
    )


def row_of(client: Client, ticket: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = client.get(f"/api/datasets/{ticket['key']}").json()
    return row


# -- 1. hours of download, lost with the line ------------------------------------------------------


@pytest.mark.parametrize("hub", ["huggingface", "kaggle"])
def test_a_dropped_line_loses_only_what_was_on_it(hubs: Hubs, ada: Client, hub: Hub) -> None:
    """huggingface_hub#4196, #1903, #1598; Kaggle/kaggle-cli#24, #310, #223: begun again from zero."""
    dataset = publish(hubs, hub, f"dropped-{hub}", one_large())
    fake = hubs.kaggle if hub == "kaggle" else hubs.hub
    fake.fault("drop_after", bytes=2 * MB, dataset=dataset.id, times=6)
    _, folder = arrives(ada, ask(ada, hub, dataset.id))
    same(folder, expected(dataset))
    assert bytes_sent(hubs, dataset) <= 24 * MB + 6 * MB, "each cut loses what was in the sockets"


def test_a_killed_server_goes_on_where_it_was(hubs: Hubs, tmp_path: Path) -> None:
    """huggingface_hub#4196: an interrupted download starts again from zero."""
    dataset = publish(hubs, "huggingface", "killed", one_large(48), bytes_per_s=6 * MB)
    with Server(tmp_path / "data", **settings(hubs)) as server:
        client = server.client()
        ticket = ask(client, "huggingface", dataset.id)
        until(lambda: bytes_sent(hubs, dataset) > 20 * MB, "bytes arrive")
        server.kill()
        server.start()
        _, folder = arrives(server.client(), ticket)
        same(folder, expected(dataset))
    assert bytes_sent(hubs, dataset) <= 48 * MB + CONNECTIONS * PIECE


# -- 2. stuck at 99 % ------------------------------------------------------------------------------


def test_a_download_that_stalls_near_its_end_is_not_left_hanging(hubs: Hubs, ada: Client) -> None:
    """xet-core#409, #850; huggingface_hub#4508, #4520; Kaggle/kaggle-cli#113, #519."""
    dataset = publish(hubs, "huggingface", "stalled", one_large(12))
    hubs.hub.fault("stall", bytes=1000, dataset=dataset.id, path="data/large.bin")
    ticket = ask(ada, "huggingface", dataset.id)
    waiting = waits(ada, ticket)
    assert waiting["problem"]["code"] == "network"
    assert waiting["problem"]["next_step"]
    row = row_of(ada, ticket)
    assert not row["downloaded"]
    assert row["download_progress"] < 100
    hubs.heal()
    job, folder = arrives(ada, ticket)
    assert job["progress"]["bytes_done"] == job["progress"]["bytes_total"]
    same(folder, expected(dataset))


# -- 3. corruption, reported as success ------------------------------------------------------------


@pytest.mark.parametrize("hub", ["huggingface", "kaggle"])
def test_wrong_bytes_of_the_right_size_are_never_a_success(hubs: Hubs, ada: Client, hub: Hub) -> None:
    """huggingface_hub#3643, #2364, #1498; Kaggle/kaggle-cli#26: damaged files that were reported as whole."""
    dataset = publish(hubs, hub, f"wrong-{hub}", one_large(1))
    fake = hubs.kaggle if hub == "kaggle" else hubs.hub
    fake.fault("wrong_bytes", dataset=dataset.id)
    ticket = ask(ada, hub, dataset.id)
    job = ada.finished(ticket["job_id"], 60)
    assert (job["state"], job["problem"]["code"]) == ("failed", "checksum_mismatch")
    assert job["problem"]["next_step"]
    assert not Path(ticket["file_path"]).exists()
    assert not row_of(ada, ticket)["downloaded"]
    hubs.heal()
    assert ada.post(f"/api/jobs/{ticket['job_id']}/retry").is_success
    _, folder = arrives(ada, ticket)
    same(folder, expected(dataset))


# -- 4. two downloads into one file ----------------------------------------------------------------


def test_clicks_at_the_same_time_make_one_download_and_a_sound_archive(
    hubs: Hubs, server: Server, ada: Client
) -> None:
    """Kaggle/kaggle-cli#516, #619, #536: "Bad zip file", after two downloads wrote into one."""
    dataset = publish(hubs, "kaggle", "at-once", one_large(12), bytes_per_s=6 * MB)
    people = [ada, server.client("bob@example.org"), ada, server.client("eve@example.org")]
    with ThreadPoolExecutor(len(people)) as pool:
        tickets = list(pool.map(lambda person: ask(person, "kaggle", dataset.id), people))
    assert len({ticket["job_id"] for ticket in tickets}) == 1
    _, folder = arrives(ada, tickets[0])
    same(folder, expected(dataset))
    assert bytes_sent(hubs, dataset) < dataset.latest.archive.size + PIECE


# -- 5. 429 ----------------------------------------------------------------------------------------


def test_a_limit_is_waited_out_and_others_go_on(hubs: Hubs, ada: Client, files: FileServer) -> None:
    """huggingface_hub#3342, #2936, #3612; datasets#7871; Kaggle/kaggle-cli#931, #494."""
    limited = publish(hubs, "huggingface", "limited", one_large(1))
    free = publish(hubs, "kaggle", "not-limited", one_large(1))
    hubs.hub.fault("rate_limit", where="bytes", dataset=limited.id, times=1, seconds=7, style="ratelimit")
    files.files["table.csv"] = b"a,b\n1,2\n" * 1000
    # Once to whoever asked for the link, once to its job.
    files.fault("table.csv", "ratelimit", times=2, seconds=7, style="retry-after")
    began = time.monotonic()
    tickets = [
        ask(ada, "huggingface", limited.id),
        ask(ada, "url", files.url("table.csv")),
    ]
    for ticket, host in zip(tickets, ("127.0.0.3", "127.0.0.4"), strict=True):
        job = waits(ada, ticket)
        assert job["problem"]["code"] == "source_rate_limited"
        assert host in job["problem"]["detail"] or "HuggingFace" in job["problem"]["detail"]
        assert job["waiting_until"]
    arrives(ada, ask(ada, "kaggle", free.id))
    assert time.monotonic() - began < 7, "another source is not waited for"
    _, folder = arrives(ada, tickets[0])
    same(folder, expected(limited))
    _, folder = arrives(ada, tickets[1])
    same(folder, dict(files.files))


# -- 6. no retry, no timeout, one stream -----------------------------------------------------------


def test_servers_that_fail_hang_up_or_say_nothing_are_asked_again(hubs: Hubs, ada: Client) -> None:
    """Kaggle/kaggle-cli#904, #454: one failed request or one silent server ended everything."""
    dataset = publish(hubs, "huggingface", "flaky", one_large(12))
    for fault in ("server_error", "hang_up"):
        hubs.hub.fault(fault, where="bytes", dataset=dataset.id, path="data/large.bin", times=2)
    hubs.hub.fault("slow_first_byte", seconds=60, dataset=dataset.id, path="data/large.bin", times=1)
    _, folder = arrives(ada, ask(ada, "huggingface", dataset.id))
    same(folder, expected(dataset))


def test_a_large_file_comes_over_several_connections(ada: Client, files: FileServer) -> None:
    """huggingface_hub#2658: one slow stream, though the line could carry many."""
    files.files["large.bin"] = generated(32 * MB, 9).read(0, 32 * MB)
    files.bytes_per_s = 8 * MB
    _, folder = arrives(ada, ask(ada, "url", files.url("large.bin")))
    same(folder, dict(files.files))
    assert files.most_at_once["large.bin"] == CONNECTIONS
    assert files.served_bytes <= 32 * MB + PIECE


# -- 7. the disk is full ---------------------------------------------------------------------------


def test_a_full_disk_is_said_before_the_start_or_met_without_loss(
    hubs: Hubs, files: FileServer, tmp_path: Path
) -> None:
    """huggingface_hub#1551, #2742: it fails after hours, and names no disk."""
    large = publish(hubs, "huggingface", "too-large", one_large(40))
    files.files["untold.bin"] = generated(20 * MB, 11).read(0, 20 * MB)
    files.fault("untold.bin", "no_length")
    with small_disk(tmp_path / "disk") as disk, _store_at(disk.folder, hubs, tmp_path) as server:
        client = server.client()
        refused = client.post(
            "/api/datasets/download-dataset", {"source": "huggingface", "dataset_id": large.id}
        )
        assert (refused.status_code, refused.json()["code"]) == (507, "disk_full")
        assert "40" in refused.json()["detail"]
        assert bytes_sent(hubs, large) == 0

        ticket = ask(client, "url", files.url("untold.bin"))
        job = client.finished(ticket["job_id"])
        assert (job["state"], job["problem"]["code"]) == ("failed", "disk_full")
        assert str(disk.folder) in job["problem"]["detail"]
        assert "Free" in job["problem"]["next_step"]
        assert not Path(ticket["file_path"]).exists()

        disk.remount("size=64m")
        assert client.post(f"/api/jobs/{ticket['job_id']}/retry").is_success
        _, folder = arrives(client, ticket)
        same(folder, dict(files.files))


def test_of_two_downloads_that_fit_alone_the_second_waits(
    hubs: Hubs, files: FileServer, tmp_path: Path
) -> None:
    """Cyberdrop-DL/cyberdrop-dl#602: together they fill the disk, and both fail."""
    files.files |= {name: generated(10 * MB, seed).read(0, 10 * MB) for seed, name in enumerate(("a", "b"))}
    files.bytes_per_s = MB // 16  # of each connection
    with small_disk(tmp_path / "disk") as disk, _store_at(disk.folder, hubs, tmp_path) as server:
        client = server.client()
        first = ask(client, "url", files.url("a"))
        until(lambda: client.job(first["job_id"])["progress"]["bytes_done"] > 0, "the first is under way")
        second = ask(client, "url", files.url("b"))
        job = waits(client, second)
        assert (job["problem"]["code"], job["waiting_until"] is None) == ("room_reserved", False)
        files.bytes_per_s = None
        client.post(f"/api/jobs/{first['job_id']}/cancel").raise_for_status()
        _, folder = arrives(client, second)
        same(folder, {"b": files.files["b"]})


def _store_at(folder: Path, hubs: Hubs, tmp_path: Path) -> Server:
    return Server(tmp_path / "data", **settings(hubs, DOWNLOAD_PATH=str(folder / "store")))


# -- 8. no progress, no way to stop ----------------------------------------------------------------


def test_progress_is_seen_and_a_cancel_is_obeyed(hubs: Hubs, server: Server, ada: Client) -> None:
    """huggingface_hub#4681, #4051; Kaggle/kaggle-cli#730: silent bars, and no way to stop but to kill."""
    dataset = publish(hubs, "huggingface", "watched", one_large(40), bytes_per_s=2 * MB)
    ticket = ask(ada, "huggingface", dataset.id)
    seen: list[int] = []

    def moved() -> bool:
        done = ada.job(ticket["job_id"])["progress"]["bytes_done"]
        if not seen or done != seen[-1]:
            seen.append(done)
        return len(seen) >= 5

    until(moved, "progress moves")
    assert seen == sorted(seen)
    asked = time.monotonic()
    assert ada.post(f"/api/jobs/{ticket['job_id']}/cancel").is_success
    until(lambda: not _sending(hubs, dataset), "no more bytes are asked for")
    assert time.monotonic() - asked < 2
    partial = server.data_dir / "downloads" / ".incomplete"
    until(lambda: not partial.exists() or not any(partial.iterdir()), "nothing half-made is left")
    assert not Path(ticket["file_path"]).exists()
    assert ada.job(ticket["job_id"])["state"] == "cancelled"


def _sending(hubs: Hubs, dataset: FakeDataset) -> bool:
    """Whether bytes of a dataset leave the hub at this moment."""
    before = bytes_sent(hubs, dataset)
    return threading.Event().wait(0.25) or bytes_sent(hubs, dataset) > before


# -- 9. the signed link expires --------------------------------------------------------------------


@pytest.mark.parametrize("hub", ["huggingface", "kaggle"])
def test_a_signed_link_that_expires_on_the_way_is_renewed(hubs: Hubs, ada: Client, hub: Hub) -> None:
    """aria2/aria2#2197: the link of the hub's storage is good for an hour, the download takes two."""
    dataset = publish(hubs, hub, f"expires-{hub}", one_large(24), bytes_per_s=8 * MB)
    fake = hubs.kaggle if hub == "kaggle" else hubs.hub
    fake.fault("short_lease", seconds=0.4, dataset=dataset.id, times=1)
    fake.fault("drop_after", bytes=4 * MB, dataset=dataset.id, times=1)
    job, folder = arrives(ada, ask(ada, hub, dataset.id))
    same(folder, expected(dataset))
    assert bytes_sent(hubs, dataset) <= 24 * MB + 2 * PIECE
    assert "Signature" not in str(job), "a signature is a secret"


# -- 10. 416 ---------------------------------------------------------------------------------------


def test_a_server_that_no_longer_knows_the_range_is_asked_anew(ada: Client, files: FileServer) -> None:
    """huggingface_hub#2197: 416 on what an earlier run has left, and again on every further run."""
    files.files["large.bin"] = generated(24 * MB, 13).read(0, 24 * MB)
    files.fault("large.bin", "drop", after=3 * MB, times=1)
    files.fault("large.bin", "stale_416", times=2)
    _, folder = arrives(ada, ask(ada, "url", files.url("large.bin")))
    same(folder, dict(files.files))


# -- 11. memory and disk ---------------------------------------------------------------------------


def test_a_large_download_takes_little_memory_and_the_disk_only_once(
    hubs: Hubs, server: Server, ada: Client
) -> None:
    """huggingface/xet-core#448: gigabytes of memory, and a cache beside the files."""
    arrives(ada, ask(ada, "huggingface", publish(hubs, "huggingface", "warm-up", one_large(1)).id))
    dataset = publish(hubs, "huggingface", "heavy", one_large(256))
    before = disk_usage(server.data_dir)
    idle = _forget_peak(server.pid)
    _, folder = arrives(ada, ask(ada, "huggingface", dataset.id))
    assert _peak(server.pid) - idle < 64 * 2**20
    same(folder, expected(dataset))
    assert disk_usage(server.data_dir) - before < 256 * MB + 8 * MB


def _forget_peak(pid: int) -> int:
    """Memory from now on (proc(5), clear_refs); what is used at this moment, in bytes."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return _status(pid, "VmRSS")


def _peak(pid: int) -> int:
    return _status(pid, "VmHWM")


def _status(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) * 1024
