"""The library over the HuggingFace Hub's protocol, asked by HuggingFace's own client."""

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tests.fakes.catalogue import HEART, IMDB, PIMA
from tests.support.hub_client import HubClient, plain_client, token_of
from tests.support.hubs import Hubs
from tests.support.links import LinkServer, Page
from tests.support.server import Client, Server, until

HEART_REPO = "kaggle/andrewmvd__heart-failure-clinical-data"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("mirror") / "data"
    with Server(folder, DATAFERRY_MIRROR_WAIT_S="1", **hubs.settings) as server:
        server.client("admin@example.org")
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    ada = server.client()
    for source, dataset_id in (("kaggle", HEART), ("huggingface", IMDB), ("builtin", "iris")):
        body = {"source": source, "dataset_id": dataset_id}
        asked = ada.post("/api/datasets/download-dataset", json=body, headers={"Prefer": "wait"})
        assert asked.status_code == 200, asked.text
    return ada


@pytest.fixture(scope="module", autouse=True)
def as_other_programs() -> Iterator[None]:
    with plain_client():
        yield


@pytest.fixture(scope="module")
def reader(server: Server, ada: Client, tmp_path_factory: pytest.TempPathFactory) -> HubClient:
    return HubClient(server, token_of(ada), tmp_path_factory.mktemp("reader"))


@pytest.fixture
def puller(server: Server, ada: Client, tmp_path: Path) -> HubClient:
    return HubClient(server, token_of(ada, "download"), tmp_path)


def files_of(ada: Client, key: str) -> dict[str, str]:
    return {file["path"]: file["sha256"] for file in ada.get(f"/api/datasets/{key}/files").json()["files"]}


def jobs_of(ada: Client, name: str) -> list[dict[str, Any]]:
    return [job for job in ada.get("/api/jobs").json() if name in job["ref"]]


def digests_below(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize(
    ("repo", "key"),
    [
        (IMDB, "huggingface:stanfordnlp~imdb"),
        ("imdb", "huggingface:stanfordnlp~imdb"),
        (HEART_REPO, "kaggle:andrewmvd~heart-failure-clinical-data"),
        ("builtin/iris", "builtin:iris"),
    ],
)
def test_a_snapshot_is_what_the_library_has(ada: Client, reader: HubClient, repo: str, key: str) -> None:
    assert digests_below(reader.snapshot(repo)) == files_of(ada, key)
    again = reader.api.verify_repo_checksums(repo, repo_type="dataset", cache_dir=reader.cache)
    assert (again.mismatches, again.missing_paths, again.extra_paths) == ([], [], [])
    assert again.checked_count == len(files_of(ada, key))


def test_what_comes_from_the_hub_is_as_the_hub_has_it(hubs: Hubs, reader: HubClient) -> None:
    """So that a cache filled from either serves with the other."""

    def told(endpoint: str, token: str | bool) -> object:
        from huggingface_hub import HfApi

        api = HfApi(endpoint=endpoint, token=token)
        info = api.dataset_info(IMDB)
        entries = api.list_repo_tree(IMDB, repo_type="dataset", recursive=True, revision=info.sha)
        files = {entry.path: (entry.blob_id, entry.lfs) for entry in entries if hasattr(entry, "blob_id")}
        return info.id, info.sha, files

    assert reader.token
    assert told(reader.endpoint, reader.token) == told(hubs.hub.url, False)


def test_the_library_is_searched_as_the_hub_is(reader: HubClient, ada: Client) -> None:
    def listed(**wanted: Any) -> list[str]:
        return [one.id for one in reader.api.list_datasets(**wanted)]

    everything = listed()
    assert {IMDB, HEART_REPO, "builtin/iris"} <= set(everything)
    assert len(everything) == len(set(everything))
    assert listed(search="heart FAILURE") == [HEART_REPO]
    assert listed(author="kaggle", search="heart") == [HEART_REPO]
    assert listed(author="stanfordnlp") == [IMDB]
    assert listed(search="nothing like it") == listed(author="nobody") == []
    assert listed(sort="last_modified")[-1] in everything
    [first] = reader.api.list_datasets(search="imdb", full=True)
    assert (first.sha, first.private) == (reader.api.dataset_info(IMDB).sha, False)
    # Its pages follow each other, and hold each dataset once.
    url, found = f"{reader.endpoint}/api/datasets?limit=1", []
    while url:
        answer = httpx.get(url, headers={"Authorization": f"Bearer {reader.token}"})
        found += [one["id"] for one in answer.json()]
        url = answer.links.get("next", {}).get("url", "")
    assert found == everything
    with pytest.raises(HfHubHTTPError, match="by their tags"):
        listed(filter="language:en")


def test_what_is_not_here_is_downloaded_once_for_all_who_ask(ada: Client, puller: HubClient) -> None:
    folder = puller.snapshot("kaggle/uciml__pima-indians-diabetes-database")
    assert [path.name for path in folder.iterdir()] == ["diabetes.csv"]
    assert [(job["kind"], job["state"]) for job in jobs_of(ada, PIMA)] == [("download", "succeeded")]


def test_a_lesser_token_downloads_nothing(ada: Client, reader: HubClient) -> None:
    with pytest.raises(RepositoryNotFoundError, match="your token may not download"):
        reader.api.dataset_info("scikit-learn/iris")
    assert not jobs_of(ada, "scikit-learn/iris")


def test_nothing_is_downloaded_for_a_look(ada: Client, puller: HubClient) -> None:
    info = puller.api.dataset_info("scikit-learn/diabetes", files_metadata=True)
    assert {file.rfilename for file in info.siblings or ()} >= {"diabetes.csv"}
    assert puller.files.isfile("datasets/scikit-learn/diabetes/diabetes.csv")
    with pytest.raises(EntryNotFoundError):
        puller.file("scikit-learn/diabetes", "other.csv")
    assert not jobs_of(ada, "scikit-learn/diabetes")


def test_a_slow_download_is_waited_for(hubs: Hubs, puller: HubClient) -> None:
    """Longer than the mirror waits: the client is told to come back, and does."""
    hubs.hub.fault("slow", dataset="Genius-Society/Pima", bytes_per_s=8_000)
    path = puller.file("Genius-Society/Pima", "train.csv")
    assert path.stat().st_size > 10_000
    hubs.heal()


def test_a_failed_download_says_why(hubs: Hubs, ada: Client, puller: HubClient) -> None:
    """And is not begun again at once, however often the client asks."""
    name = "alexteboul/diabetes-health-indicators-dataset"
    hubs.kaggle.fault("zip_slip", dataset=name)
    for _ in range(2):
        with pytest.raises(HfHubHTTPError, match="a member wants to be written outside"):
            list(puller.api.list_repo_tree(f"kaggle/{name.replace('/', '__')}", repo_type="dataset"))
    hubs.heal()
    assert [job["state"] for job in jobs_of(ada, name)] == ["failed"]


def test_gated_data_is_for_those_who_accepted_its_terms(
    hubs: Hubs, server: Server, puller: HubClient, tmp_path: Path
) -> None:
    with pytest.raises(GatedRepoError):
        puller.snapshot(hubs.gated)
    grace = server.client("grace@example.org")
    kept = grace.http.put("/api/sources/huggingface/credential", json={"secret": "hf_graceGraceGraceGrace"})
    assert kept.is_success, kept.text
    theirs = HubClient(server, token_of(grace, "download"), tmp_path / "grace")
    assert any(theirs.snapshot(hubs.gated).iterdir())
    with pytest.raises(GatedRepoError):
        puller.snapshot(hubs.gated)
    with pytest.raises(RepositoryNotFoundError):
        puller.snapshot(hubs.private)


def test_revisions_by_every_name(reader: HubClient, ada: Client) -> None:
    commit = reader.api.dataset_info(IMDB).sha
    assert commit == ada.get("/api/datasets/huggingface:stanfordnlp~imdb").json()["revision"]
    for name in (None, "main", commit, commit[:8]):
        assert reader.api.dataset_info(IMDB, revision=name).sha == commit
    heart = reader.api.dataset_info(HEART_REPO).sha
    assert re.fullmatch(r"[0-9a-f]{40}", heart or "")
    refs = reader.api.list_repo_refs(HEART_REPO, repo_type="dataset")
    assert {tag.name: tag.target_commit for tag in refs.tags} == {"1": heart, "v1": heart}
    assert reader.api.dataset_info(HEART_REPO, revision="v1").sha == heart


@pytest.mark.parametrize("revision", ["refs/convert/parquet", "refs/pr/1", "nothing", "0" * 40])
def test_a_revision_that_there_is_not(reader: HubClient, revision: str) -> None:
    with pytest.raises(RevisionNotFoundError):
        reader.api.dataset_info(IMDB, revision=revision)
    with pytest.raises(RevisionNotFoundError):
        reader.file(IMDB, "README.md", revision=revision)


def test_trees_are_walked_in_pages(reader: HubClient) -> None:
    """By the address that the answer gives for the next page, whatever the revision is called."""
    url = f"{reader.endpoint}/api/datasets/{IMDB}/tree/main?recursive=true&limit=1"
    found = []
    while url:
        answer = httpx.get(url, headers={"Authorization": f"Bearer {reader.token}"})
        assert answer.status_code == 200, answer.text
        found += [entry["path"] for entry in answer.json()]
        url = answer.links.get("next", {}).get("url", "")
        assert not url or url.startswith(reader.endpoint)
    whole = [entry.path for entry in reader.api.list_repo_tree(IMDB, repo_type="dataset", recursive=True)]
    assert found == whole
    assert "plain_text" in whole
    top = [entry.path for entry in reader.api.list_repo_tree(IMDB, repo_type="dataset")]
    assert top == [path for path in whole if "/" not in path]
    with pytest.raises(EntryNotFoundError):
        list(reader.api.list_repo_tree(IMDB, "nowhere", repo_type="dataset"))


def test_a_file_system_of_it(reader: HubClient) -> None:
    files = reader.files
    assert sorted(files.glob(f"datasets/{IMDB}/**/*.jsonl")) == [
        f"datasets/{IMDB}/plain_text/test.jsonl",
        f"datasets/{IMDB}/plain_text/train.jsonl",
    ]
    path = f"datasets/{HEART_REPO}/heart_failure_clinical_records_dataset.csv"
    assert files.info(path)["size"] == len(files.read_bytes(path))
    with files.open(path) as file:
        file.seek(3)
        assert file.read(6) == files.read_bytes(path)[3:9]
    assert files.isdir(f"datasets/{IMDB}/plain_text")
    assert not files.exists(f"datasets/{IMDB}/other")


def test_errors_are_the_hubs(server: Server, reader: HubClient, tmp_path: Path) -> None:
    with pytest.raises(EntryNotFoundError):
        reader.file(IMDB, "nothing.csv")
    with pytest.raises(RepositoryNotFoundError):
        reader.snapshot("nobody/nothing")
    with pytest.raises(RepositoryNotFoundError, match="datasets and nothing else"):
        reader.api.model_info("openai-community/gpt2")
    with pytest.raises(RepositoryNotFoundError, match="carries no token"):
        HubClient(server, None, tmp_path).snapshot(IMDB)
    with pytest.raises(HfHubHTTPError, match="not whole"):
        HubClient(server, "dft_nonsense", tmp_path).api.dataset_info(IMDB)
    with pytest.raises(HfHubHTTPError, match="nothing can be uploaded"):
        reader.api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=IMDB, repo_type="dataset")


def test_the_command_hf_with_two_settings(server: Server, ada: Client, puller: HubClient) -> None:
    assert "ada@example.org" in puller.run("auth", "whoami").stdout
    downloaded = puller.run("download", HEART_REPO, "--repo-type", "dataset")
    assert downloaded.returncode == 0, downloaded.stderr
    verified = puller.run("cache", "verify", HEART_REPO, "--repo-type", "dataset")
    assert verified.returncode == 0, verified.stderr
    assert "Verified 1 file" in verified.stdout


def test_a_link_is_a_repository_too(server: Server, ada: Client, tmp_path: Path) -> None:
    with LinkServer() as links:
        links.pages["/measured.csv"] = Page(b"a,b\n1,2\n")
        body = {"source": "url", "dataset_id": f"http://{links.host}/measured.csv?sig=s3cr3t"}
        got = ada.post("/api/datasets/download-dataset", json=body, headers={"Prefer": "wait"})
        assert got.status_code == 200, got.text
    digest = sha256(got.json()["ref"].removeprefix("url:").encode()).hexdigest()[:12]
    mine = HubClient(server, token_of(ada), tmp_path)
    assert mine.file(f"url/measured.csv-{digest}", "measured.csv").read_bytes() == b"a,b\n1,2\n"
    bob = HubClient(server, token_of(server.client("bob@example.org")), tmp_path / "bob")
    with pytest.raises(RepositoryNotFoundError):
        bob.snapshot(f"url/measured.csv-{digest}")


def test_the_page_tells_what_to_paste(ada: Client, reader: HubClient) -> None:
    told = ada.get("/api/datasets/kaggle:andrewmvd~heart-failure-clinical-data/repository").json()
    assert told == {"repo": HEART_REPO, "revision": None}
    chosen = {"source": "huggingface", "dataset_id": IMDB, "files": ["plain_text/test.jsonl"]}
    asked = ada.post("/api/datasets/download-dataset", json=chosen, headers={"Prefer": "wait"})
    told = ada.get(f"/api/datasets/{asked.json()['library_id']}/repository").json()
    assert told["repo"] == IMDB
    folder = reader.snapshot(IMDB, revision=told["revision"])
    assert list(digests_below(folder)) == ["plain_text/test.jsonl"]


def test_use_is_noted(ada: Client, reader: HubClient) -> None:
    reader.file("builtin/iris", "train.csv", force_download=True)

    def used() -> bool:
        row = ada.get("/api/datasets/builtin:iris").json()
        return row["last_used_ms"] > row["downloaded_at_ms"]

    until(used, "its use is written down")


def test_files_have_the_headers_that_clients_insist_on(ada: Client, reader: HubClient) -> None:
    path = "heart_failure_clinical_records_dataset.csv"
    url = f"{reader.endpoint}/datasets/{HEART_REPO}/resolve/main/{path}"
    (digest,) = files_of(ada, "kaggle:andrewmvd~heart-failure-clinical-data").values()

    def ask(method: str, **headers: str) -> httpx.Response:
        headers["Authorization"] = f"Bearer {reader.token}"
        return httpx.request(method, url, headers=headers)

    whole, head, part = ask("GET"), ask("HEAD"), ask("GET", Range="bytes=5-9")
    for answer in (whole, head, part):
        assert answer.headers["X-Repo-Commit"] == reader.api.dataset_info(HEART_REPO).sha
        assert answer.headers["ETag"] == answer.headers["X-Linked-ETag"] == f'"{digest}"'
        assert not {"Location", "X-Xet-Hash", "Content-Encoding"} & set(answer.headers)
    assert head.headers["Content-Length"] == str(len(whole.content))
    assert (part.status_code, part.content) == (206, whole.content[5:10])
    beyond = ask("GET", Range="bytes=99999999-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(whole.content)}")
    assert ask("GET", **{"If-None-Match": f'"{digest}"'}).status_code == 304


def test_duckdb_reads_it(reader: HubClient) -> None:
    """Through HuggingFace's own file system: its extension httpfs asks huggingface.co, whatever is set."""
    with duckdb.connect() as database:
        database.register_filesystem(reader.files)
        query = f"SELECT count(*) FROM 'hf://datasets/{HEART_REPO}/*.csv'"
        assert database.execute(query).fetchall() == [(299,)]
