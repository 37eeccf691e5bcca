"""Datasets in one file, from one machine to another that has no network."""

import hashlib
import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataferry.library.bundle_format import (
    END,
    MANIFEST,
    SUMS,
    BundleManifest,
    header,
    manifest_bytes,
    padding,
)
from tests.fakes.catalogue import IMDB, PIMA
from tests.fakes.files import FileServer
from tests.support import preloaded
from tests.support.hubs import Hubs, make_hubs
from tests.support.server import Server

REFS = (f"huggingface:{IMDB}", f"kaggle:{PIMA}")


class Machine:
    """Commands on one machine, and their output."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.folder = server, folder

    def run(self, *arguments: str, code: int = 0) -> str:
        run = preloaded.run(arguments, env=self.server.environment, cwd=self.folder)
        assert run.returncode == code, run.stdout + run.stderr + self.server.log[-3000:]
        assert "Traceback" not in run.stderr
        return run.stdout + run.stderr


@pytest.fixture(scope="module")
def hubs() -> Iterator[Hubs]:
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        yield hubs


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("connected")
    with Server(folder / "data", **hubs.settings) as server:
        machine = Machine(server, folder)
        machine.run("download", *REFS)
        yield machine


@pytest.fixture(scope="module")
def isolated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("isolated")
    with Server(folder / "data") as server:  # its hubs are nowhere
        yield Machine(server, folder)


@pytest.fixture(scope="module")
def bundle(connected: Machine) -> Path:
    connected.run("bundle", "export", *REFS, "-o", "whole.tar")
    return connected.folder / "whole.tar"


def digest_of(bundle: Path) -> str:
    with tarfile.open(bundle) as archive:
        manifest = archive.extractfile("dataferry-bundle.json")
        assert manifest is not None
        return f"sha256:{hashlib.sha256(manifest.read()).hexdigest()}"


def tree(machine: Machine, ref: str) -> dict[str, str]:
    receipt = json.loads(machine.run("library", ref, "--json"))
    return {file["path"]: file["sha256"] + file["grade"] for file in receipt["files"]}


def test_what_is_exported_here_is_in_the_library_there(
    connected: Machine, isolated: Machine, bundle: Path
) -> None:
    isolated.run("bundle", "import", str(bundle), "--digest", digest_of(bundle))
    for ref in REFS:
        assert tree(isolated, ref) == tree(connected, ref)
        here, there = (json.loads(one.run("library", ref, "--json")) for one in (connected, isolated))
        same = ("revision", "license", "title", "original_url", "checksum", "grade")
        assert [here[name] for name in same] == [there[name] for name in same]
    again = isolated.run("bundle", "import", str(bundle))
    assert "No digest was compared" in again


def test_it_is_read_without_us(bundle: Path, tmp_path: Path) -> None:
    subprocess.run(["tar", "xf", bundle, "-C", tmp_path], check=True)
    checked = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=tmp_path, check=False)
    assert checked.returncode == 0
    assert len(list((tmp_path / "receipts").iterdir())) == len(REFS)


def test_an_interrupted_export_goes_on_and_is_the_same(connected: Machine, bundle: Path) -> None:
    """Cut in a file, and zeros where a crash left a hole."""
    content = bundle.read_bytes()
    with tarfile.open(bundle) as archive:
        last = archive.getmembers()[-1]
    for left in (content[: last.offset_data + 10], content[: last.offset] + bytes(2048), b"\0" * 100):
        (connected.folder / "again.tar.part").write_bytes(left)
        connected.run("bundle", "export", *REFS, "-o", "again.tar")
        again = connected.folder / "again.tar"
        if left[0]:
            assert again.read_bytes() == content
        assert not (connected.folder / "again.tar.part").exists()


@pytest.mark.parametrize("at", ["a file", "the manifest", "the end"])
def test_a_changed_byte_is_refused_by_name(isolated: Machine, bundle: Path, tmp_path: Path, at: str) -> None:
    content = bytearray(bundle.read_bytes())
    with tarfile.open(bundle) as archive:
        members = archive.getmembers()
    if at == "the end":
        del content[members[-1].offset_data + 1 :]
        named = members[-1].name
    else:
        changed = members[-1] if at == "a file" else members[0]
        content[changed.offset_data + changed.size // 2] ^= 1
        named = changed.name
    other = tmp_path / "other.tar"
    other.write_bytes(content)
    for ref in REFS:
        isolated.run("library", "rm", ref) if ref in isolated.run("library") else None
    said = isolated.run(
        "bundle", "import", str(other), "--digest", digest_of(bundle), code=6 if at != "the manifest" else 2
    )
    assert named in said


def test_chosen_files_go_alone_and_what_is_not_here_is_said(connected: Machine, isolated: Machine) -> None:
    connected.run("bundle", "export", REFS[0], "--include", "*test*", "-o", "part.tar")
    with tarfile.open(connected.folder / "part.tar") as archive:
        names = [name for name in archive.getnames() if name.startswith("datasets/")]
    assert names
    assert all("test" in name for name in names)
    isolated.run("bundle", "import", str(connected.folder / "part.tar"))
    said = connected.run("bundle", "export", "builtin:wine", "-o", "none.tar", code=3)
    assert "builtin:wine" in said
    assert not (connected.folder / "none.tar").exists()


def test_only_an_admin_names_files_of_the_servers_machine(isolated: Machine, bundle: Path) -> None:
    isolated.server.client()  # the first account is the admin
    answer = isolated.server.client("bob@example.org").post("/api/bundles/import", json={"path": str(bundle)})
    assert answer.status_code == 403


def hostile(bundle: Path, into: Path, **changes: object) -> Path:
    """A bundle whose manifest was made to fit what it should not say: its first dataset is changed."""
    with tarfile.open(bundle) as archive:
        content = archive.extractfile("dataferry-bundle.json")
        assert content is not None
        manifest = json.loads(content.read())
    [dataset] = manifest["datasets"] = manifest["datasets"][:1]
    dataset["files"] = dataset["files"][:1]
    path = changes.pop("path", None)
    if path is not None:
        dataset["files"][0]["path"] = path
    dataset |= changes
    made = BundleManifest.model_validate(manifest)
    members = {MANIFEST: manifest_bytes(made), SUMS: made.sums}
    members |= {file.path: bytes(file.size) for file in made.members()}
    target = into / "hostile.tar"
    target.write_bytes(
        b"".join(header(name, len(data)) + data + padding(len(data)) for name, data in members.items()) + END
    )
    return target


@pytest.mark.parametrize(
    "changes",
    [
        {"path": "../../../../stolen"},
        {"path": "/stolen"},
        {"revision": "../../../stolen"},
        {"ref": "huggingface:../../stolen"},
        {"folder": "../stolen"},
    ],
    ids=lambda changes: next(iter(changes.items()))[1],
)
def test_a_bundle_that_was_made_to_leave_its_folder_is_refused(
    isolated: Machine, bundle: Path, tmp_path: Path, changes: dict[str, object]
) -> None:
    """artifact-keeper/artifact-keeper#2466: what is imported may be anybody's."""
    made = hostile(bundle, tmp_path, **changes)
    run = preloaded.run(["bundle", "import", str(made)], env=isolated.server.environment, cwd=isolated.folder)
    assert run.returncode not in (0, 1), run.stdout + run.stderr
    assert not list(isolated.folder.parent.rglob("*stolen*"))


def test_a_link_goes_too(connected: Machine, isolated: Machine) -> None:
    with FileServer({"table.csv": b"a,b\n1,2\n"}) as files:
        link = files.url("table.csv")
        connected.run("download", link)
    connected.run("bundle", "export", f"url:{link}", "-o", "link.tar")
    isolated.run("bundle", "import", str(connected.folder / "link.tar"))
    assert tree(isolated, f"url:{link}") == tree(connected, f"url:{link}")
