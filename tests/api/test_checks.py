"""What is on the disk and what the library says of it agree, or it says what differs: at a look, by a full
verification, and after a repair.

Reported of others: folders told as missing files (huggingface/huggingface_hub#3706), a part of a dataset told
as incomplete (#4419), a disk that is not mounted taken for a deletion (koel/koel#2653,
scryer-media/scryer#208), not every broken file listed (restic/restic#21820), no word on what to do then
(restic/restic#4801), a check that ends at an unreadable file (qbittorrent/qBittorrent#14216, #9699) or opens
files for writing (#5926), and all bytes hashed again since inodes or times are new (treeverse/dvc#1659,
treeverse/dvc#1991, restic/restic#2819).
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.content import text
from tests.fakes.dataset import FakeDataset
from tests.support.hubs import Hubs
from tests.support.server import Client, Server, until

FILES = {f"part-{n}.csv": f"a,b\n{n},{n}\n" * 50 for n in range(5)} | {"docs/notes.md": "# Notes\n"}
REPOSITORY = "acme/checked"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    files = {path: text(body) for path, body in FILES.items()}
    made = FakeDataset("huggingface", REPOSITORY, "Checked", "", "mit", lambda: files, bare=True)
    hubs.hub.catalogue.add(made)
    with Server(tmp_path_factory.mktemp("checks") / "data", **hubs.settings) as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client()


KEY = f"huggingface:{REPOSITORY.replace('/', '~')}"


@pytest.fixture
def tree(ada: Client) -> Path:
    """The folder of a whole copy."""
    body = {"dataset_id": REPOSITORY, "force_download": True}
    answer = ada.post("/api/datasets/download/huggingface", body, headers={"Prefer": "wait"})
    assert answer.status_code == 200, answer.text
    folder = Path(answer.json()["file_path"])
    for path in folder.rglob("*"):
        if path.is_file() and str(path.relative_to(folder)) not in FILES:
            path.unlink()
    return folder


def write(file: Path, body: str) -> None:
    file.chmod(0o644)
    file.write_text(body)


def report(client: Client, key: str = KEY) -> dict[str, Any]:
    answer = client.get(f"/api/datasets/{key}/check")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def verify(client: Client, key: str = KEY) -> dict[str, Any]:
    job = client.post(f"/api/datasets/{key}/verify").json()
    assert (job["kind"], client.finished(job["id"])["state"]) == ("verify", "succeeded")
    return report(client, key)


def faults(found: dict[str, Any]) -> dict[str, str]:
    return {one["path"]: one["fault"] for one in found["faults"]}


def looked_at(client: Client, condition: str, key: str = KEY) -> dict[str, Any]:
    """The row, once a look has found that."""

    def found() -> dict[str, Any] | None:
        row: dict[str, Any] = client.get(f"/api/datasets/{key}").json()
        return row if row["condition"] == condition else None

    return until(found, f"a look finds it {condition}")


def test_a_look_finds_what_is_missing_changed_and_foreign_and_a_repair_mends_it(
    ada: Client, hubs: Hubs, tree: Path
) -> None:
    assert ada.get(f"/api/datasets/{KEY}").json()["condition"] == "whole"
    (tree / "part-0.csv").unlink()
    write(tree / "part-1.csv", "other")
    write(tree / "part-2.csv", FILES["part-2.csv"].replace("2", "7"))  # as many bytes
    (tree / "part-3.csv").unlink()
    (tree / "part-3.csv").symlink_to(tree / "part-4.csv")
    (tree / "docs" / "mine.txt").write_text("my own notes")
    row = looked_at(ada, "damaged")
    assert (row["status"], row["downloaded"], row["may_repair"]) == ("damaged", True, True)
    assert row["error"] == (
        "1 file is missing, 3 are changed, 1 is not the dataset's, of 6."
        " Repair it: only what is missing or changed is downloaded again."
    )
    found = report(ada)
    assert faults(found) == {
        "part-0.csv": "missing",
        "part-1.csv": "changed",
        "part-2.csv": "changed",
        "part-3.csv": "changed",
        "docs/mine.txt": "foreign",
    }
    assert (found["depth"], found["whole_count"], found["file_count"]) == ("look", 2, 6)

    before = len(hubs.hub.requests(f"/datasets/{REPOSITORY}/resolve/"))
    ticket = ada.post(f"/api/datasets/{KEY}/repair").json()
    assert ada.finished(ticket["job_id"])["state"] == "succeeded"
    fetched = hubs.hub.requests(f"/datasets/{REPOSITORY}/resolve/")[before:]
    assert {request.path.rpartition("/")[2] for request in fetched} == {f"part-{n}.csv" for n in range(4)}
    for path, body in FILES.items():
        assert (tree / path).read_text() == body
        assert not (tree / path).is_symlink()
    assert (tree / "docs" / "mine.txt").read_text() == "my own notes"
    row = ada.get(f"/api/datasets/{KEY}").json()
    assert (row["status"], row["condition"], row["error"]) == ("downloaded", "whole", None)
    assert faults(report(ada)) == {"docs/mine.txt": "foreign"}


def test_a_verification_reads_every_byte_and_tells_how_far_it_is(ada: Client, tree: Path) -> None:
    """Bytes that a disk loses show in no look: neither size nor time nor inode is another."""
    damaged = tree / "part-3.csv"
    before = damaged.stat()
    write(damaged, FILES["part-3.csv"].replace("3", "8"))
    os.utime(damaged, ns=(before.st_atime_ns, before.st_mtime_ns))
    damaged.chmod(0o444)
    assert report(ada)["condition"] == "whole"
    job = ada.post(f"/api/datasets/{KEY}/verify").json()
    job = ada.finished(job["id"])
    size = sum(len(body) for body in FILES.values())
    progress = job["progress"]
    assert (progress["bytes_done"], progress["bytes_total"]) == (size, size)
    assert (progress["files_done"], progress["files_total"]) == (6, 6)
    assert progress["note"] == "1 file is changed, of 6."
    found = report(ada)
    assert (found["depth"], found["condition"], faults(found)) == (
        "full",
        "damaged",
        {"part-3.csv": "changed"},
    )
    assert found["source"] == "agrees"
    assert damaged.stat().st_mode & 0o777 == 0o444
    # It stays said until it is mended, whatever a look sees; a request for the dataset is a repair too.
    assert looked_at(ada, "damaged")["status"] == "damaged"
    body = {"dataset_id": REPOSITORY}
    assert ada.post("/api/datasets/download/huggingface", body, headers={"Prefer": "wait"}).status_code == 200
    assert damaged.read_text() == FILES["part-3.csv"]
    assert verify(ada)["condition"] == "whole"
    row = ada.get(f"/api/datasets/{KEY}").json()
    assert row["verified_at_ms"] >= row["downloaded_at_ms"]


def test_what_is_restored_or_put_back_is_whole_again(ada: Client, tree: Path) -> None:
    """A copy has other inodes, and other times too where it is made carelessly: no damage."""
    kept = tree.with_name("kept")
    tree.rename(kept)
    looked_at(ada, "damaged")
    shutil.copytree(kept, tree)  # other inodes, the same times
    looked_at(ada, "whole")
    for path in tree.rglob("*"):
        os.utime(path)
    assert looked_at(ada, "whole")["error"] is None
    shutil.rmtree(kept)


def test_a_disk_that_is_away_deletes_nothing(server: Server, ada: Client, tree: Path) -> None:
    """Reported of libraries that take an empty mount point for a deletion of all."""
    store = server.data_dir / "downloads"
    away = store.with_name("away")
    store.rename(away)
    store.mkdir()
    try:
        row = ada.get(f"/api/datasets/{KEY}").json()
        assert (row["condition"], row["status"]) == ("whole", "downloaded")
        job = ada.post(f"/api/datasets/{KEY}/verify").json()
        job = ada.finished(job["id"])
    finally:
        shutil.rmtree(store)
        away.rename(store)
    assert (job["state"], job["problem"]["code"]) == ("failed", "store_not_writable")
    assert "may not be mounted" in job["problem"]["detail"]
    assert "Mount it" in job["problem"]["next_step"]
    assert verify(ada)["condition"] == "whole"


def test_chosen_files_are_a_whole_of_their_own(ada: Client) -> None:
    body = {"dataset_id": REPOSITORY, "files": ["part-1.csv", "docs/**"]}
    ticket = ada.post("/api/datasets/download/huggingface", body, headers={"Prefer": "wait"}).json()
    found = verify(ada, ticket["library_id"])
    assert (found["condition"], found["file_count"], found["faults"]) == ("whole", 2, [])
    (Path(ticket["file_path"]) / "docs" / "notes.md").unlink()
    looked_at(ada, "damaged", ticket["library_id"])
    again = ada.post(f"/api/datasets/{ticket['library_id']}/repair").json()
    assert ada.finished(again["job_id"])["state"] == "succeeded"
    assert verify(ada, ticket["library_id"])["condition"] == "whole"


def test_a_source_that_is_away_keeps_nobody_from_verifying(ada: Client, hubs: Hubs, tree: Path) -> None:
    hubs.hub.fault("server_error")
    try:
        found = verify(ada)
    finally:
        hubs.heal()
    assert (found["condition"], found["source"]) == ("whole", "not_asked")
    assert found["source_note"]


def test_a_dataset_that_is_not_here_cannot_be_verified(ada: Client) -> None:
    for way in ("verify", "repair"):
        assert ada.post(f"/api/datasets/builtin:wine/{way}").status_code == 404
    assert ada.get("/api/datasets/builtin:wine/check").status_code == 404
