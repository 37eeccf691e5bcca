"""Kaggle and HuggingFace behind one contract: the real client libraries against the fake hubs."""

import base64
import hashlib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
import requests

from dataferry.core.errors import (
    CredentialRejected,
    GatedDataset,
    NotFound,
    SourceError,
    SourceNotConfigured,
    SourceProtocolError,
    SourceRateLimited,
    SourceTimeout,
    SourceUnreachable,
)
from dataferry.core.settings import Settings
from dataferry.core.types import Credential, DatasetRef, FileEntry, Http, SourceName
from dataferry.sources.base import SearchFilters, SearchQuery
from dataferry.sources.huggingface import HuggingFaceSource
from dataferry.sources.kaggle import KaggleSource
from tests.fakes import made
from tests.fakes.catalogue import HEART, IMDB, PIMA, ada, grace
from tests.fakes.content import binary, text
from tests.fakes.dataset import Account, FakeDataset, single
from tests.fakes.difficult import HF_GATED, KAGGLE_GATED, MANY, PRIVATE, SINGLE_FILE, UNTRUSTED
from tests.fakes.hub import HubFake
from tests.fakes.kaggle import KaggleFake


@dataclass
class Hub:
    """One source with its fake: what a test of the contract needs of it."""

    name: SourceName
    fake: KaggleFake | HubFake
    source: KaggleSource | HuggingFaceSource
    #: A public dataset, and the gated one.
    public: str
    gated: str

    def ref(self, dataset_id: str) -> DatasetRef:
        return DatasetRef.make(self.name, dataset_id)

    @property
    def anonymous(self) -> Credential:
        return Credential(self.name)

    def as_(self, account: Account, origin: Any = "server") -> Credential:
        token = account.kaggle_token if self.name == "kaggle" else account.hf_token
        return Credential(self.name, origin, secret=token)

    def search(self, words: str, *, limit: int = 20, offset: int = 0, **filters: Any) -> list[Any]:
        query = SearchQuery(words, SearchFilters(**filters), limit, offset)
        return self.source.search(query, self.anonymous)

    def dataset(self, dataset_id: str) -> FakeDataset:
        found = self.fake.catalogue.find("kaggle" if self.name == "kaggle" else "huggingface", dataset_id)
        assert found is not None
        return found


def _kaggle(fake: KaggleFake, **settings: Any) -> Hub:
    source = KaggleSource(Settings(kaggle_endpoint=fake.url, **settings))
    return Hub("kaggle", fake, source, PIMA, KAGGLE_GATED)


def _huggingface(fake: HubFake, **settings: Any) -> Hub:
    source = HuggingFaceSource(Settings(hf_endpoint=fake.url, **settings))
    return Hub("huggingface", fake, source, IMDB, HF_GATED)


@pytest.fixture
def kaggle() -> Iterator[Hub]:
    with KaggleFake() as fake:
        yield _kaggle(fake, search_timeout_s=10, describe_timeout_s=10)


@pytest.fixture
def huggingface() -> Iterator[Hub]:
    with HubFake() as fake:
        yield _huggingface(fake, search_timeout_s=10, describe_timeout_s=10)


@pytest.fixture(params=["kaggle", "huggingface"])
def hub(request: pytest.FixtureRequest) -> Hub:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Hub)
    return found


def fetch(entry: FileEntry) -> bytes:
    """An entry's bytes, as any client would fetch them."""
    assert isinstance(entry.origin, Http)
    answer = requests.get(entry.origin.url, headers=dict(entry.origin.headers), timeout=10)
    answer.raise_for_status()
    return answer.content


def holds(entry: FileEntry, data: bytes) -> bool:
    """Whether ``data`` is what the entry's size and checksum promise."""
    assert entry.checksum is not None
    digest = {
        "md5": lambda: hashlib.md5(data, usedforsecurity=False),
        "sha256": lambda: hashlib.sha256(data),
        "git-sha1": lambda: hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False),
    }[entry.checksum.algorithm]()
    return entry.size == len(data) and digest.hexdigest() == entry.checksum.value


# -- searching --------------------------------------------------------------------------------------


def test_a_hit_tells_what_the_hub_knows(hub: Hub) -> None:
    hits = {hit.id: hit for hit in hub.search("diabetes")}
    wanted = hub.dataset(PIMA if hub.name == "kaggle" else "Bena345/cdc-diabetes-health-indicators")
    hit = hits[wanted.id]
    assert DatasetRef.parse(hit.ref) == hub.ref(wanted.id)
    assert (hit.title, hit.description) == (wanted.title, wanted.description)
    assert (hit.downloads, hit.likes) == (wanted.downloads, wanted.likes)
    assert hit.license == "CC0-1.0"
    assert hit.url.endswith(f"/datasets/{wanted.id}")
    assert hit.updated_at == wanted.updated
    assert hit.updated_at.tzinfo is UTC
    assert hit.size_bytes is not None
    assert hit.size_bytes >= wanted.latest.size
    assert hit.task
    assert {"classification", "tabular-classification"} & set(hit.tags)


def test_a_search_hit_names_the_revision_that_describe_finds(hub: Hub) -> None:
    hit = hub.search(hub.dataset(hub.public).title)[0]
    described = hub.source.describe(hub.ref(hit.id), None, hub.anonymous)
    assert hit.id == hub.public
    assert described.revision == hit.revision
    assert described.size_bytes == hit.size_bytes


def test_paging_shows_every_hit_once_and_in_order(hub: Hub) -> None:
    everything = [hit.id for hit in hub.search("", limit=100)]
    assert len(everything) == len(set(everything)) > 10
    paged: list[str] = []
    while page := hub.search("", limit=4, offset=len(paged)):
        paged += [hit.id for hit in page]
    assert paged == everything


def test_many_hits_come_from_several_pages_of_the_hub(hub: Hub) -> None:
    for number in range(130):
        hub.fake.catalogue.add(
            FakeDataset(
                "kaggle" if hub.name == "kaggle" else "huggingface",
                f"crowd/set-{number:03}",
                title=f"Crowd {number}",
                description="",
                license="mit",
                make=single("a.csv", lambda: text("a\n")),
            )
        )
    assert len(hub.search("crowd", limit=125)) == 125


def test_filters_narrow_at_the_hub(hub: Hub) -> None:
    csv = hub.search("diabetes", format="csv")
    assert csv
    assert all("csv" in hit.formats for hit in csv)
    assert {hit.license for hit in hub.search("", license="cc0", limit=50)} >= {"CC0-1.0"}
    assert all("mit" not in (hit.license or "").lower() for hit in hub.search("", license="cc0", limit=50))
    counts = [hit.downloads for hit in hub.search("", sort="downloads", limit=50)]
    assert counts == sorted(counts, reverse=True)


def test_kaggle_narrows_by_size(kaggle: Hub) -> None:
    assert kaggle.search("diabetes", max_bytes=30_000)
    assert all(hit.size_bytes <= 30_000 for hit in kaggle.search("diabetes", max_bytes=30_000))
    assert all(hit.size_bytes >= 100_000 for hit in kaggle.search("diabetes", min_bytes=100_000))


@pytest.mark.parametrize("task", ["image classification", "image-classification", "Image Classification"])
def test_huggingface_narrows_by_task(huggingface: Hub, task: str) -> None:
    found = huggingface.search("", task=task, limit=50)
    assert {hit.task for hit in found} == {"image-classification"}
    # A task that the hub has no name for is left to the filter over all hits.
    assert huggingface.search("", task="guessing ages", limit=50)


def test_words_that_no_name_has_together_are_asked_for_apart(huggingface: Hub) -> None:
    assert "scikit-learn/diabetes" in [hit.id for hit in huggingface.search("diabetes nobodyknows")]


def test_an_older_hub_is_asked_in_the_way_it_knows(huggingface: Hub) -> None:
    huggingface.fake.fault("old_hub")
    hits = huggingface.search("diabetes")
    assert "scikit-learn/diabetes" in [hit.id for hit in hits]
    assert all(hit.size_bytes is None and hit.revision for hit in hits)


# -- one dataset --------------------------------------------------------------------------------------


def test_describe_tells_size_files_and_revision(hub: Hub) -> None:
    wanted = hub.dataset(hub.public)
    found = hub.source.describe(hub.ref(wanted.id), None, hub.anonymous)
    assert found.ref == str(hub.ref(wanted.id))
    # HuggingFace's repositories hold a card and git's attributes too.
    assert found.file_count == len(wanted.latest.files) + (0 if hub.name == "kaggle" else 2)
    assert found.revision == ("1" if hub.name == "kaggle" else wanted.sha(1))
    assert not found.gated
    assert found.formats == (("csv",) if hub.name == "kaggle" else ("json",))


def test_an_id_without_owner_is_followed_to_its_true_name(huggingface: Hub) -> None:
    found = huggingface.source.describe(huggingface.ref("imdb"), None, huggingface.anonymous)
    manifest = huggingface.source.manifest(huggingface.ref("imdb"), None, huggingface.anonymous)
    assert found.ref == str(manifest.ref) == "huggingface:stanfordnlp/imdb"


def test_a_revision_stays_what_it_was_when_a_new_one_is_published(hub: Hub) -> None:
    dataset, ref = hub.dataset(hub.public), hub.ref(hub.public)
    first = hub.source.describe(ref, None, hub.anonymous).revision
    assert first is not None
    before = hub.source.manifest(ref, first, hub.anonymous)
    dataset.publish(lambda: {"new.csv": text("new\n1\n")})
    assert hub.source.describe(ref, None, hub.anonymous).revision != first
    assert hub.source.describe(ref, first, hub.anonymous).revision == first
    after = hub.source.manifest(ref, first, hub.anonymous)
    assert [(entry.path, entry.size, entry.checksum) for entry in after.files] == [
        (entry.path, entry.size, entry.checksum) for entry in before.files
    ]
    assert all(holds(entry, fetch(entry)) for entry in after.files)
    latest = hub.source.manifest(ref, None, hub.anonymous)
    assert latest.revision != first
    assert latest.total_bytes != before.total_bytes


@pytest.mark.parametrize("revision", ["99", "0", "main~1", "f" * 40])
def test_an_unknown_revision_is_not_found(hub: Hub, revision: str) -> None:
    for ask in (hub.source.describe, hub.source.manifest):
        with pytest.raises(NotFound):
            ask(hub.ref(hub.public), revision, hub.anonymous)


def test_an_unknown_dataset_is_not_found(hub: Hub) -> None:
    for credential in (hub.anonymous, hub.as_(ada())):
        for ask in (hub.source.describe, hub.source.manifest, hub.source.readme):
            with pytest.raises(NotFound, match="nobody/nothing") as caught:
                ask(hub.ref("nobody/nothing"), None, credential)
            assert caught.value.next_step


def test_the_readme_is_the_datasets_own_text(kaggle: Hub, huggingface: Hub) -> None:
    assert kaggle.source.readme(kaggle.ref(PIMA), None, kaggle.anonymous).startswith("## Context\n\nThis")
    card = huggingface.source.readme(huggingface.ref(IMDB), None, huggingface.anonymous)
    assert card.startswith("# IMDB")
    assert "pretty_name" not in card


def test_a_strangers_words_stay_text_without_control_characters(hub: Hub) -> None:
    for found in (*hub.search("mallory"), hub.source.describe(hub.ref(UNTRUSTED), None, hub.anonymous)):
        assert found.title == "<script>alert('title')</script> <b>Free</b> datasets"
        assert "Ignore all earlier instructions" in found.description
    readme = hub.source.readme(hub.ref(UNTRUSTED), None, hub.anonymous)
    assert "<img src=x onerror=alert(1)>" in readme
    assert not any(ord(char) < 32 and char not in "\n\t" for char in readme)


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


def test_a_tree_of_more_than_a_thousand_files_is_read_to_its_end(huggingface: Hub) -> None:
    manifest = huggingface.source.manifest(huggingface.ref(MANY), None, huggingface.anonymous)
    assert len(manifest.files) == 1202
    assert len(huggingface.fake.requests("/tree/")) == 2
    assert manifest.total_bytes == manifest.unpacked_bytes
    assert holds(manifest.files[700], fetch(manifest.files[700]))


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


# -- credentials ----------------------------------------------------------------------------------------


def test_a_gated_dataset_shows_itself_but_not_its_files(hub: Hub) -> None:
    credential = hub.as_(ada())
    assert hub.source.describe(hub.ref(hub.gated), None, credential).title == "Clinical notes, on terms"
    with pytest.raises(GatedDataset) as caught:
        hub.source.manifest(hub.ref(hub.gated), None, credential)
    assert hub.gated in (caught.value.link or "")
    assert caught.value.link is not None
    assert caught.value.link in (caught.value.next_step or "")


def test_who_accepted_the_terms_gets_the_files(hub: Hub) -> None:
    manifest = hub.source.manifest(hub.ref(hub.gated), None, hub.as_(grace()))
    assert all(holds(entry, fetch(entry)) for entry in manifest.files)


def test_huggingface_says_gated_also_to_a_caller_without_a_token(huggingface: Hub) -> None:
    assert huggingface.source.describe(huggingface.ref(HF_GATED), None, huggingface.anonymous).gated
    with pytest.raises(GatedDataset, match="terms") as caught:
        huggingface.source.manifest(huggingface.ref(HF_GATED), None, huggingface.anonymous)
    assert "HF_TOKEN" in (caught.value.next_step or "")


def test_kaggle_without_credentials_is_not_configured_for_what_it_hides(kaggle: Hub) -> None:
    for dataset_id in (KAGGLE_GATED, PRIVATE):
        with pytest.raises(SourceNotConfigured, match="not configured") as caught:
            kaggle.source.manifest(kaggle.ref(dataset_id), None, kaggle.anonymous)
        assert "KAGGLE_USERNAME and KAGGLE_KEY" in (caught.value.next_step or "")
        assert caught.value.status == 503


def test_a_private_dataset_is_its_owners(hub: Hub) -> None:
    owner, stranger = hub.as_(grace()), hub.as_(ada())
    assert hub.source.describe(hub.ref(PRIVATE), None, owner).private
    assert all(holds(e, fetch(e)) for e in hub.source.manifest(hub.ref(PRIVATE), None, owner).files)
    expected = GatedDataset if hub.name == "kaggle" else NotFound
    with pytest.raises(expected):
        hub.source.describe(hub.ref(PRIVATE), None, stranger)
    assert PRIVATE not in [hit.id for hit in hub.search("")]


def test_kaggles_older_key_is_a_name_and_a_key(kaggle: Hub) -> None:
    credential = Credential("kaggle", "user", username="grace", secret=grace().kaggle_key)
    assert kaggle.source.describe(kaggle.ref(PRIVATE), None, credential).private
    scheme, _, value = (kaggle.fake.log[-1].authorization or "").partition(" ")
    assert scheme == "Basic"
    assert base64.b64decode(value).decode() == f"grace:{grace().kaggle_key}"


@pytest.mark.parametrize("origin", ["user", "server"])
def test_credentials_that_the_hub_refuses_are_named(hub: Hub, origin: str) -> None:
    credential = hub.as_(ada(), origin)
    hub.fake.fault("bad_credentials")
    asks: list[Any] = [
        lambda: hub.source.search(SearchQuery("iris", SearchFilters(), 5), credential),
        lambda: hub.source.describe(hub.ref(hub.public), None, credential),
        lambda: hub.source.manifest(hub.ref(hub.public), None, credential),
    ]
    for ask in asks:
        with pytest.raises(CredentialRejected) as caught:
            ask()
        assert caught.value.status == 503
        shown = f"{caught.value} {caught.value.next_step}"
        assert ("your settings" in shown) == (origin == "user")
        assert credential.secret is not None
        assert credential.secret not in shown


def test_a_hub_that_wants_credentials_names_the_settings(hub: Hub) -> None:
    hub.fake.fault("requires_credentials")
    settings = ("KAGGLE_USERNAME", "KAGGLE_KEY") if hub.name == "kaggle" else ("HF_TOKEN",)
    for ask in (
        lambda: hub.search("iris"),
        lambda: hub.source.describe(hub.ref(hub.public), None, hub.anonymous),
    ):
        with pytest.raises(SourceNotConfigured, match="not configured") as caught:
            ask()
        assert all(name in (caught.value.next_step or "") for name in settings)


def test_probe_tells_whose_a_credential_is(hub: Hub) -> None:
    assert hub.source.probe(hub.as_(ada())) == "ada"
    assert hub.source.probe(hub.anonymous) is None
    with pytest.raises(CredentialRejected):
        hub.source.probe(Credential(hub.name, "user", secret="hf_wrong"))


def test_probe_tries_kaggles_older_key(kaggle: Hub) -> None:
    good = Credential("kaggle", "user", username="ada", secret=ada().kaggle_key)
    assert kaggle.source.probe(good) == "ada"
    with pytest.raises(CredentialRejected, match="your"):
        kaggle.source.probe(Credential("kaggle", "user", username="ada", secret="wrong"))


def test_no_credential_reaches_the_storage_or_a_printed_manifest(hub: Hub) -> None:
    credential = hub.as_(grace())
    manifest = hub.source.manifest(hub.ref(hub.gated), None, credential)
    for entry in manifest.files:
        fetch(entry)
    assert credential.secret is not None
    assert credential.secret not in repr(manifest)
    stored = hub.fake.requests(server="storage")
    assert all(request.authorization is None for request in stored)
    assert any(request.authorization for request in hub.fake.requests(server="hub"))


def test_an_anonymous_call_uses_no_token_of_the_machine(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vendors' libraries would take tokens from the environment and from files in the home."""
    (tmp_path / ".kaggle").mkdir()
    (tmp_path / ".kaggle" / "kaggle.json").write_text('{"username": "ada", "key": "machine"}')
    (tmp_path / ".kaggle" / "access_token").write_text("KGAT_machine")
    (tmp_path / "token").write_text("hf_machine")
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ada password machine")
    for name, value in {
        "HOME": str(tmp_path),
        "HF_HOME": str(tmp_path),
        "KAGGLE_API_TOKEN": "KGAT_environment",
        "HF_TOKEN": "hf_environment",
    }.items():
        monkeypatch.setenv(name, value)
    hub.search("iris")
    hub.source.describe(hub.ref(hub.public), None, hub.anonymous)
    hub.source.readme(hub.ref(hub.public), None, hub.anonymous)
    hub.source.manifest(hub.ref(hub.public), None, hub.anonymous)
    assert {request.authorization for request in hub.fake.log} == {None}
    hub.source.describe(hub.ref(hub.public), None, hub.as_(grace()))
    assert hub.fake.log[-1].authorization == f"Bearer {hub.as_(grace()).secret}"


# -- what goes wrong at the hub ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "options", "expected"),
    [
        ("garbage", {"kind": "html"}, SourceProtocolError),
        ("garbage", {"kind": "json"}, SourceProtocolError),
        ("garbage", {"kind": "shape"}, SourceProtocolError),
        ("server_error", {"status": 500}, SourceUnreachable),
        ("server_error", {"status": 503}, SourceUnreachable),
        ("rate_limit", {}, SourceRateLimited),
        ("hang_up", {}, SourceUnreachable),
        ("delay", {"seconds": 30}, SourceTimeout),
    ],
)
def test_a_hubs_fault_is_an_error_that_says_what_to_do(
    request: pytest.FixtureRequest,
    hub: Hub,
    fault: str,
    options: dict[str, Any],
    expected: type[SourceError],
) -> None:
    if fault == "delay":
        hub = request.getfixturevalue("hasty")
    hub.fake.fault(fault, **options)
    asks: list[Any] = [
        lambda: hub.search("diabetes"),
        lambda: hub.source.describe(hub.ref(hub.public), None, hub.anonymous),
    ]
    if fault != "delay":  # a manifest has a deadline of its own, which no test waits for
        asks.append(lambda: hub.source.manifest(hub.ref(hub.public), None, hub.anonymous))
    for ask in asks:
        began = time.monotonic()
        with pytest.raises(expected) as caught:
            ask()
        # No silent retries: huggingface_hub alone would go on for half a minute.
        assert time.monotonic() - began < 5
        assert type(caught.value) is expected
        assert caught.value.next_step


@pytest.fixture
def hasty(hub: Hub) -> Hub:
    """The same hub for somebody in a hurry."""
    settings = {"search_timeout_s": 0.3, "describe_timeout_s": 0.3}
    if isinstance(hub.fake, KaggleFake):
        return _kaggle(hub.fake, **settings)
    return _huggingface(hub.fake, **settings)


@pytest.mark.parametrize(
    ("style", "seconds", "expected"), [("retry-after", 87, 87.0), ("ratelimit", 55, 55.0), ("none", 1, None)]
)
def test_a_limit_says_when_it_ends(hub: Hub, style: str, seconds: int, expected: float | None) -> None:
    hub.fake.fault("rate_limit", style=style, seconds=seconds)
    with pytest.raises(SourceRateLimited) as caught:
        hub.search("diabetes")
    assert caught.value.retry_after == expected
    if expected is not None:
        assert f"{seconds} s" in (caught.value.next_step or "")


def test_a_limit_in_mid_tree_is_a_limit(huggingface: Hub) -> None:
    huggingface.fake.fault("rate_limit", style="ratelimit", seconds=9, dataset=MANY)
    with pytest.raises(SourceRateLimited):
        huggingface.source.manifest(huggingface.ref(MANY), None, huggingface.anonymous)


def test_a_fault_of_kaggles_storage_is_kaggles(kaggle: Hub) -> None:
    kaggle.fake.fault("server_error", where="bytes", status=503)
    with pytest.raises(SourceUnreachable):
        kaggle.source.manifest(kaggle.ref(HEART), None, kaggle.anonymous)


def test_a_body_that_breaks_off_is_the_networks_fault(kaggle: Hub, huggingface: Hub) -> None:
    for hub in (kaggle, huggingface):
        hub.fake.fault("drop_after")
    with pytest.raises(SourceUnreachable):
        kaggle.source.manifest(kaggle.ref(HEART), None, kaggle.anonymous)
    with pytest.raises(SourceUnreachable):
        huggingface.source.readme(huggingface.ref(IMDB), None, huggingface.anonymous)


def test_a_body_that_stalls_is_a_timeout() -> None:
    hasty = _huggingface(HubFake(), describe_timeout_s=0.3)
    with hasty.fake as fake:
        fake.fault("stall", bytes=20)
        with pytest.raises(SourceTimeout):
            hasty.source.readme(hasty.ref(IMDB), None, hasty.anonymous)


def test_a_fault_in_one_call_spoils_no_later_one(hub: Hub) -> None:
    for fault in ("hang_up", "server_error", "garbage"):
        hub.fake.fault(fault)
        with pytest.raises(SourceError):
            hub.search("diabetes")
        hub.fake.heal()
        assert hub.search("diabetes")


@pytest.mark.parametrize("name", ["kaggle", "huggingface"])
def test_a_hub_that_is_not_there_is_unreachable_at_once(name: str) -> None:
    nowhere = "http://127.0.0.1:9"
    settings = Settings(kaggle_endpoint=nowhere, hf_endpoint=nowhere)
    source = KaggleSource(settings) if name == "kaggle" else HuggingFaceSource(settings)
    credential = Credential(source.name)
    began = time.monotonic()
    with pytest.raises(SourceUnreachable):
        source.search(SearchQuery("iris", SearchFilters(), 5), credential)
    with pytest.raises(SourceUnreachable):
        source.manifest(DatasetRef.make(name, "a/b"), None, credential)
    assert time.monotonic() - began < 5


def test_the_hubs_clients_are_not_imported_before_they_are_needed() -> None:
    program = (
        "import sys; from dataferry.core.settings import Settings; import dataferry.sources.catalog as c;"
        "c.build_sources(Settings());"
        "print(*({'kagglesdk', 'kaggle', 'huggingface_hub', 'requests'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


def test_binary_files_have_a_sha256(huggingface: Hub) -> None:
    huggingface.dataset(IMDB).publish(single("tiny.bin", lambda: binary(b"\0\1")))
    files = huggingface.source.manifest(huggingface.ref(IMDB), None, huggingface.anonymous).files
    tiny = next(entry for entry in files if entry.path == "tiny.bin")
    assert tiny.checksum is not None
    assert tiny.checksum.value == hashlib.sha256(b"\0\1").hexdigest()
