"""The files that Kaggle and HuggingFace name: real client libraries against the fake hubs."""

import threading
from pathlib import Path

import pytest
import requests

from dataferry import transfer
from dataferry.core.errors import ChecksumMismatch, Forbidden, NotFound, SourceUnreachable
from dataferry.core.settings import Settings
from dataferry.core.types import Http
from dataferry.sources.catalog import Catalog
from dataferry.sources.huggingface import HuggingFaceSource
from dataferry.sources.single_files import single_files
from tests.fakes import made
from tests.fakes.catalogue import HEART, IMDB, ada
from tests.fakes.content import binary, text
from tests.fakes.dataset import FakeDataset, single
from tests.fakes.difficult import MANY, SINGLE_FILE
from tests.fakes.snapshots import HUB_STATS, META_KAGGLE, PARQUET
from tests.support.hub_source import Hub, fetch, holds

# -- files --------------------------------------------------------------------------------------------


def test_kaggles_manifest_is_one_archive_that_holds_what_it_promises(kaggle: Hub) -> None:
    manifest = kaggle.source.manifest(kaggle.ref(HEART), None, kaggle.anonymous)
    (archive,) = manifest.files
    assert archive.unpack
    assert archive.path.endswith(".zip")
    assert archive.checksum is not None
    assert (archive.checksum.algorithm, archive.checksum.grade) == ("md5", "publisher")
    assert manifest.unpacked_bytes == kaggle.dataset(HEART).latest.size
    assert holds(archive, fetch(archive))


def test_an_archive_put_together_from_parts_has_a_crc32c(kaggle: Hub, tmp_path: Path) -> None:
    """facts/wire.md, 2.5: Google's storage has no MD5 of it. What it has is checked."""
    kaggle.dataset(HEART).composite = True
    manifest = kaggle.source.manifest(kaggle.ref(HEART), None, kaggle.anonymous)
    (archive,) = manifest.files
    assert archive.checksum is not None
    assert (archive.checksum.algorithm, archive.checksum.grade) == ("crc32c", "transport")
    assert holds(archive, fetch(archive))
    kaggle.fake.fault("wrong_bytes", at=2000)
    with pytest.raises(ChecksumMismatch):
        transfer.fetch(manifest, tmp_path / "there", lambda progress: None, threading.Event())


@pytest.mark.parametrize("name", ["one_table.csv", "weights.npz"])
def test_a_single_file_keeps_its_name_and_is_not_unpacked(kaggle: Hub, name: str) -> None:
    dataset = kaggle.dataset(SINGLE_FILE)
    # A NumPy archive is a zip inside, and yet one file of the dataset.
    blob = made.archive({"weights.npy": text("1")}) if name == "weights.npz" else made.pima(10, 1)
    dataset.publish(single(name, lambda: blob))
    manifest = kaggle.source.manifest(kaggle.ref(SINGLE_FILE), None, kaggle.anonymous)
    (entry,) = manifest.files
    assert (entry.path, entry.unpack) == (name, False)
    assert holds(entry, fetch(entry))
    assert manifest.unpacked_bytes == blob.size


def test_huggingfaces_card_tells_the_files_of_configs_and_splits(huggingface: Hub) -> None:
    source, anonymous = huggingface.source, huggingface.anonymous
    assert isinstance(source, HuggingFaceSource)
    imdb = huggingface.ref(IMDB)
    assert source.subset(imdb, None, anonymous, None, "test") == ("/plain_text/test*",)
    commit = huggingface.dataset(IMDB).sha(1)
    assert source.subset(imdb, commit, anonymous, "plain_text", None) == (
        "/plain_text/train*",
        "/plain_text/test*",
    )
    with pytest.raises(NotFound) as caught:
        source.subset(imdb, None, anonymous, "html", None)
    assert caught.value.next_step == "It has plain_text."
    with pytest.raises(NotFound, match="card"):
        source.subset(huggingface.ref(MANY), None, anonymous, None, "train")


def test_huggingfaces_manifest_has_every_file_with_the_hubs_own_hash(huggingface: Hub) -> None:
    manifest = huggingface.source.manifest(huggingface.ref(IMDB), None, huggingface.anonymous)
    files = {entry.path: entry for entry in manifest.files}
    assert set(files) == {".gitattributes", "README.md", "plain_text/test.jsonl", "plain_text/train.jsonl"}
    kinds = {path: entry.checksum.algorithm for path, entry in files.items() if entry.checksum}
    assert kinds["README.md"] == "git-sha1"
    assert kinds["plain_text/train.jsonl"] == "sha256"
    assert all(entry.checksum and entry.checksum.grade == "publisher" for entry in manifest.files)
    assert all(holds(entry, fetch(entry)) for entry in manifest.files)
    assert all(
        manifest.revision in entry.origin.url for entry in manifest.files if isinstance(entry.origin, Http)
    )


def test_names_with_odd_characters_can_be_fetched(huggingface: Hub) -> None:
    huggingface.dataset(IMDB).publish(
        lambda: {"a b/100% #1?.csv": text("a\n"), "données/é+&.csv": text("b\n")}
    )
    manifest = huggingface.source.manifest(huggingface.ref(IMDB), None, huggingface.anonymous)
    assert {"a b/100% #1?.csv", "données/é+&.csv"} <= {entry.path for entry in manifest.files}
    assert all(holds(entry, fetch(entry)) for entry in manifest.files)


def test_what_the_hubs_storage_sends_arrives(huggingface: Hub, tmp_path: Path) -> None:
    """facts/wire.md, 1.2 and 1.3: small files by a second hop on the hub (vtuber-plan/olah#52), large ones
    from a host that tells neither type nor time; empty files come at once (huggingface_hub#4815)."""
    huggingface.dataset(IMDB).publish(
        lambda: {
            "a b/c&d=é.csv": text("a\n" * 4000),
            "empty.txt": text(""),
            "big.bin": binary(b"x" * 200_000),
        }
    )
    manifest = huggingface.source.manifest(huggingface.ref(IMDB), None, huggingface.as_(ada()))
    fetched = transfer.fetch(manifest, tmp_path / "there", lambda progress: None, threading.Event()).files
    assert {file.path: file.size for file in fetched} == {e.path: e.size for e in manifest.files}
    assert {file.grade for file in fetched} == {"publisher"}
    hops = huggingface.fake.requests("/api/resolve-cache/")
    assert {hop.file for hop in hops} == {"a b/c&d=é.csv", "README.md", ".gitattributes"}
    # The second hop is on the hub itself, so that the token goes with it.
    assert all(hop.authorization for hop in hops)


@pytest.mark.parametrize(
    ("status", "words"), [(451, "Unavailable"), (403, "Access to this resource is disabled.")]
)
def test_a_file_that_huggingface_closed_is_closed(
    huggingface: Hub, tmp_path: Path, status: int, words: str
) -> None:
    """rom1504/img2dataset#379: the files' addresses say it too, when the list was read before."""
    manifest = huggingface.source.manifest(huggingface.ref(IMDB), None, huggingface.anonymous)
    huggingface.fake.fault("refused", where="bytes", status=status, message=words, shape="hub")
    with pytest.raises(Forbidden, match="HuggingFace has closed") as caught:
        transfer.fetch(manifest, tmp_path / "there", lambda progress: None, threading.Event())
    assert caught.value.code == "forbidden"
    assert "oken" not in f"{caught.value.detail} {caught.value.next_step}"


def test_a_repository_without_files_says_so(huggingface: Hub) -> None:
    huggingface.fake.catalogue.add(
        FakeDataset("huggingface", "acme/bare", "Bare", "", "mit", dict, bare=True)
    )
    catalog = Catalog({"huggingface": huggingface.source}, Settings(_env_file=None))
    try:
        with pytest.raises(NotFound, match="acme/bare has no files"):
            catalog.manifest(huggingface.ref("acme/bare"), None, huggingface.anonymous)
    finally:
        catalog.close()


def test_a_tree_of_more_than_a_thousand_files_is_read_to_its_end(huggingface: Hub) -> None:
    manifest = huggingface.source.manifest(huggingface.ref(MANY), None, huggingface.anonymous)
    assert len(manifest.files) == 1202
    assert len(huggingface.fake.requests("/tree/")) == 2
    assert manifest.total_bytes == manifest.unpacked_bytes
    assert holds(manifest.files[700], fetch(manifest.files[700]))


def test_kaggles_dataset_without_files_says_so(kaggle: Hub) -> None:
    """facts/wire.md, 2.5: sets of 0 bytes are shown, and their download is refused with 403."""
    kaggle.dataset(HEART).publish(dict)
    assert kaggle.source.describe(kaggle.ref(HEART), None, kaggle.anonymous).file_count == 0
    for credential in (kaggle.anonymous, kaggle.as_(ada())):
        with pytest.raises(NotFound, match="has no files"):
            kaggle.source.manifest(kaggle.ref(HEART), None, credential)


def test_files_that_kaggle_shows_and_does_not_give(kaggle: Hub) -> None:
    """The dataset is there: it is neither missing nor mistyped."""
    kaggle.fake.fault("refused", path="DownloadDataset", message="Permission 'datasets.get' was denied")
    for credential in (kaggle.anonymous, kaggle.as_(ada())):
        with pytest.raises(Forbidden, match="does not give the files") as caught:
            kaggle.source.manifest(kaggle.ref(HEART), None, credential)
        assert HEART in (caught.value.link or "")
        assert "Open its page" in (caught.value.next_step or "")
        assert "rules" not in f"{caught.value} {caught.value.next_step}"


def test_a_signed_address_is_renewed(kaggle: Hub) -> None:
    kaggle.fake.fault("short_lease", times=1)
    with pytest.raises(SourceUnreachable, match="storage"):
        # The lease had run out before the storage saw it: worth another attempt.
        kaggle.source.manifest(kaggle.ref(HEART), None, kaggle.anonymous)
    (entry,) = kaggle.source.manifest(kaggle.ref(HEART), None, kaggle.anonymous).files
    kaggle.fake.fault("expired_url", times=1)
    with pytest.raises(requests.HTTPError, match="400"):
        fetch(entry)
    assert isinstance(entry.origin, Http)
    assert entry.origin.refresh is not None
    fresh = entry.origin.refresh()
    assert fresh.url != entry.origin.url
    assert fresh.refresh is not None
    assert requests.get(fresh.url, headers={"Range": "bytes=0-1"}, timeout=5).content == b"PK"


# -- single files -------------------------------------------------------------------------------------


def test_single_files_are_fetched_without_the_rest(kaggle: Hub, huggingface: Hub) -> None:
    """Meta Kaggle as a whole is tens of GB: each table is asked for by itself, as it is or zipped."""
    snapshots: list[tuple[Hub, str, list[str], set[str]]] = [
        (kaggle, META_KAGGLE, ["Tags.csv", "Users.csv"], {"Tags.csv", "Users.csv.zip"}),
        (huggingface, HUB_STATS, [PARQUET], {PARQUET}),
    ]
    for hub, dataset_id, wanted, given in snapshots:
        manifest = single_files(hub.source, hub.ref(dataset_id), None, hub.anonymous, wanted)
        assert {entry.path for entry in manifest.files} == given
        assert all(holds(entry, fetch(entry)) and not entry.unpack for entry in manifest.files)
        with pytest.raises(NotFound, match=r"Nowhere\.csv"):
            single_files(hub.source, hub.ref(dataset_id), None, hub.anonymous, ["Nowhere.csv"])
