"""Versions of a dataset of the library: recorded, compared, brought back, and taken away as a repository.

Reported of others: a folder that goes before what takes its place is there (treeverse/dvc#1362), folders that
stay empty after going back (treeverse/dvc#4344, #2397), a revert that says there is nothing to change
(treeverse/lakeFS#9802), a file that was brought again with the same bytes and is told as changed
(treeverse/lakeFS#1762), one row that makes all behind it differ (neilotoole/sq#947, paulfitz/daff#27), a
new version without the files of the former (Kaggle/kaggle-cli#206), and a number that nobody is told (#890).
"""

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import RevisionNotFoundError
from PIL import Image

from tests.fakes.content import Blob, InMemory, text
from tests.fakes.dataset import FakeDataset
from tests.support.hubs import Hubs
from tests.support.server import Client, Server

WAIT = {"Prefer": "wait"}
REPO = "acme/versioned"
KEY = "huggingface:acme~versioned"
HUB = "/api/datasets/download/huggingface"


def picture(colour: int) -> bytes:
    file = BytesIO()
    Image.new("RGB", (8, 8), (colour, 0, 0)).save(file, "PNG")
    return file.getvalue()


FIRST = {f"train/{label}/{n}.png": picture(n) for label in ("cat", "dog") for n in range(3)}
#: One is new, before all others, one has changed, and a folder is gone.
SECOND = {"train/ape/0.png": picture(9), **{path: body for path, body in FIRST.items() if "dog" not in path}}
SECOND["train/cat/1.png"] = picture(200)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("versions") / "data", **hubs.settings) as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client()


def contents(folder: str) -> dict[str, bytes]:
    tree = Path(folder)
    return {
        path.relative_to(tree).as_posix(): path.read_bytes() for path in tree.rglob("*") if path.is_file()
    }


def got(answer: Any) -> dict[str, Any]:
    assert answer.is_success, answer.text
    body: dict[str, Any] = answer.json()
    return body


def done(client: Client, answer: Any) -> dict[str, Any]:
    job = client.finished(got(answer).get("job_id") or answer.json()["id"])
    assert job["state"] == "succeeded", job
    return job


@pytest.fixture(scope="module")
def versioned(ada: Client, hubs: Hubs) -> dict[str, Any]:
    """A dataset whose first version is recorded, and whose update is the second."""
    files = {"README.md": text("# Animals\n")} | {path: Blob(InMemory(body)) for path, body in FIRST.items()}
    made = FakeDataset("huggingface", "acme/versioned", "Animals", "", "mit", lambda: files, bare=True)
    hubs.hub.catalogue.add(made)
    got(ada.post(HUB, {"dataset_id": made.id}, headers=WAIT))
    none = got(ada.get(f"/api/datasets/{KEY}/versions"))
    assert (none["versioned"], none["versions"], none["may_write"]) == (False, [], True)
    assert ada.post(f"/api/datasets/{KEY}/versions/1/restore", {}).status_code == 409
    assert ada.get(f"/api/datasets/{KEY}/versions/bundle").status_code == 409

    job = done(ada, ada.post(f"/api/datasets/{KEY}/versions", {"message": "As it came\n\nFiles: 99"}))
    assert (job["kind"], job["progress"]["note"][:10]) == ("version", "Version 1 ")
    again = done(ada, ada.post(f"/api/datasets/{KEY}/versions", {"message": "Again"}))
    assert "none was recorded" in again["progress"]["note"]
    newer = {path: Blob(InMemory(body)) for path, body in SECOND.items()}
    made.publish(lambda: {"README.md": text("# Animals\n"), **newer})
    done(ada, ada.post(f"/api/datasets/{KEY}/update"))
    return got(ada.get(f"/api/datasets/{KEY}/versions"))


def test_a_dataset_becomes_a_repository_and_its_update_the_next_version(
    ada: Client, versioned: dict[str, Any]
) -> None:
    second, first = versioned["versions"]
    assert (first["number"], first["author"]) == (1, "ada@example.org")
    assert (first["message"], first["rows"], first["file_count"]) == ("As it came\n\nFiles: 99", 6, 7)
    assert [second[name] for name in ("added", "removed", "changed", "current")] == [1, 3, 1, True]
    page = got(ada.get(f"/api/datasets/{KEY}/versions", params={"limit": 1}))
    assert [one["id"] for one in page["versions"]] == [second["id"]]
    rest = got(ada.get(f"/api/datasets/{KEY}/versions", params={"limit": 1, "cursor": page["next"]}))
    assert ([one["id"] for one in rest["versions"]], rest["next"]) == ([first["id"]], None)

    detail = got(ada.get(f"/api/datasets/{KEY}/versions/1"))
    assert detail["id"] == first["id"]
    assert "image: File[png]\n    label: str\n    split: str" in detail["index_file"]
    assert [(table["name"], table["rows"]) for table in detail["tables"]] == [("Pictures", 6), ("Files", 7)]
    # No byte of what is here takes room twice.
    local = Path(got(ada.get(f"/api/datasets/{KEY}"))["local_path"])
    assert all(path.stat().st_nlink > 1 for path in local.rglob("*.png")) or _has_reflinks(local)


def _has_reflinks(folder: Path) -> bool:
    done = subprocess.run(["cp", "--reflink=always", __file__, folder / ".probe"], capture_output=True)
    (folder / ".probe").unlink(missing_ok=True)
    return done.returncode == 0


def test_two_versions_beside_each_other(ada: Client, versioned: dict[str, Any]) -> None:
    path = f"/api/datasets/{KEY}/versions"
    told = got(ada.get(f"{path}/diff", params={"from": "1"}))
    assert [(one["name"], one["added"], one["removed"], one["changed"]) for one in told["tables"]] == [
        ("Pictures", 1, 3, 1),
        ("Files", 1, 3, 1),
    ]
    assert (told["table"], told["total"]) == ("Pictures", 5)
    rows = {(row["change"], row["name"]): row for row in told["rows"]}
    changed = rows["changed", "train/cat/1.png"]
    assert [cell["field"] for cell in changed["cells"]] == ["image"]
    cell = changed["cells"][0]
    assert cell["before"]["sha256"] != cell["after"]["sha256"]
    assert ("added", "train/ape/0.png") in rows
    assert sum(change == "removed" for change, _ in rows) == 3

    page = got(ada.get(f"{path}/diff", params={"from": "1", "change": "removed", "limit": 2}))
    rest = {"from": "1", "change": "removed", "limit": 2, "cursor": page["next"]}
    assert len(got(ada.get(f"{path}/diff", params=rest))["rows"]) == 1
    same = got(ada.get(f"{path}/diff", params={"from": "1", "to": "1"}))
    assert (same["tables"], same["rows"]) == ([], [])
    digests = [cell["before"]["sha256"], "0" * 64]
    (shown,) = got(ada.get(f"{path}/pictures", params={"sha256": digests}))["pictures"]
    assert (shown["sha256"], shown["width"]) == (digests[0], 8)
    assert ada.get(f"{path}/diff", params={"from": "9"}).status_code == 404
    assert ada.get(f"{path}/--all").status_code == 404


def test_a_version_is_brought_back_and_a_clone_has_all(
    ada: Client, versioned: dict[str, Any], tmp_path: Path
) -> None:
    path = f"/api/datasets/{KEY}/versions"
    assert ada.post(f"{path}/2/restore", {}).status_code == 409  # it is here
    done(ada, ada.post(f"{path}/1/restore", {"message": "The dogs are missed"}))
    local = got(ada.get(f"/api/datasets/{KEY}"))["local_path"]
    assert {name: body for name, body in contents(local).items() if name != "README.md"} == FIRST
    assert not (Path(local) / "train" / "ape").exists()
    assert got(ada.get(f"/api/datasets/{KEY}/check"))["condition"] == "whole"
    third, _second, first = got(ada.get(path))["versions"]
    assert (third["message"], third["restores"]) == ("The dogs are missed", first["id"])
    assert (third["current"], third["removed"], third["added"]) == (True, 1, 3)

    bundle = ada.get(f"{path}/bundle")
    with tarfile.open(fileobj=BytesIO(bundle.content)) as archive:
        archive.extractall(tmp_path, filter="data")
    clone = tmp_path / "versioned" if (tmp_path / "versioned").exists() else next(tmp_path.iterdir())
    _command(clone, "git", "datasets", "init")
    assert len(list((clone / "image").iterdir())) == 6
    _command(clone, "git", "reset", "--hard", "HEAD~1")
    assert len(list((clone / "image").iterdir())) == 4
    _command(clone, "git", "datasets", "doctor")


def _command(folder: Path, *words: str) -> None:
    scripts = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    ran = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_what_a_person_has_changed_is_a_version_and_others_may_not_write(
    ada: Client, server: Server, versioned: dict[str, Any]
) -> None:
    path = f"/api/datasets/{KEY}/versions"
    local = Path(got(ada.get(f"/api/datasets/{KEY}"))["local_path"])
    readme = local / "README.md"
    readme.chmod(0o644)
    readme.write_text("# Animals, by hand\n")
    (local / "notes.txt").write_text("mine")
    before = got(ada.get(path))["total"]
    done(ada, ada.post(path, {"message": "By hand"}))
    newest = got(ada.get(path))["versions"][0]
    assert (newest["number"], newest["added"], newest["changed"]) == (before + 1, 1, 1)
    readme.write_text("# Written into later\n")  # the version's own copy stays
    done(ada, ada.post(f"{path}/HEAD/restore", {}))
    assert readme.read_text() == "# Animals, by hand\n"
    bea = server.client("bea@example.org")
    assert got(bea.get(path))["may_write"] is False
    assert bea.post(path, {"message": "Not mine"}).status_code == 403
    assert bea.post(f"{path}/1/restore", {}).status_code == 403


def test_a_version_is_a_revision_of_the_mirror(
    server: Server, ada: Client, versioned: dict[str, Any], tmp_path: Path
) -> None:
    """Clients of the Hub find it among the tags, and get its bytes, whatever is here by now."""
    oldest = got(ada.get(f"/api/datasets/{KEY}/versions"))["versions"][-1]
    token = ada.post("/api/auth/tokens", {"name": "mirror", "scope": "read"}).json()["token"]
    api = HfApi(endpoint=f"{server.address}/hub", token=token)
    tags = {tag.name: tag.target_commit for tag in api.list_repo_refs(REPO, repo_type="dataset").tags}
    name = f"v-{oldest['short']}"
    assert tags[name] == oldest["id"]
    listed = api.list_repo_files(REPO, repo_type="dataset", revision=oldest["id"])
    assert set(FIRST) <= set(listed)
    assert not (set(SECOND) - set(FIRST)) & set(listed)
    api.snapshot_download(
        REPO, repo_type="dataset", revision=name, local_dir=tmp_path, allow_patterns="train/**"
    )
    arrived = contents(str(tmp_path))
    assert {path: arrived[path] for path in FIRST} == FIRST
    with pytest.raises(RevisionNotFoundError):
        api.list_repo_files(REPO, repo_type="dataset", revision="v-0123456789")


def test_versions_go_with_the_dataset(ada: Client, versioned: dict[str, Any]) -> None:
    folder = Path(got(ada.get(f"/api/datasets/{KEY}/versions"))["folder"])
    assert folder.exists()
    asked = {"datasets": [{"key": KEY}], "ask_only": True}
    [told] = ada.post("/api/datasets/delete-multiple", json=asked).json()["results"]
    plan = got(ada.get("/api/cleanup/plan"))
    assert (plan["datasets"], plan["irreplaceable_count"]) == ([], 1), "no clean-up takes what has versions"
    assert told["versions"] == ada.get(f"/api/datasets/{KEY}/versions").json()["total"] > 1
    done(ada, ada.http.delete(f"/api/datasets/{KEY}/data"))
    assert not folder.exists()
    gone = got(ada.get(f"/api/datasets/{KEY}/versions"))
    assert (gone["versioned"], gone["may_write"]) == (False, False)
