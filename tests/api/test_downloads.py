"""Downloads over HTTP: a real server, real clients inside it, fake hubs outside."""

import csv
import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.catalogue import grace
from tests.support.access import age_access
from tests.support.hubs import Hubs, make_hubs
from tests.support.programs import program
from tests.support.server import Client, Server, until

HEART = "andrewmvd/heart-failure-clinical-data"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Any:
    with Server(tmp_path_factory.mktemp("server") / "data", **hubs.settings) as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client()


def curl(server: Server, client: Client, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """The seed's own command, word for word but the port."""
    run = subprocess.run(
        [
            *(
                program("curl"),
                "--silent",
                "--write-out",
                "\n%{http_code}",
                "-X",
                "POST",
                server.address + path,
            ),
            *("-H", f"Authorization: {client.http.headers['Authorization']}"),
            *("-H", "Content-Type: application/json"),
            *("-d", json.dumps(body)),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    text, _, status = run.stdout.rpartition("\n")
    return int(status), json.loads(text)


def test_check_1_a_kaggle_dataset_ends_with_its_files_on_disk(server: Server, ada: Client) -> None:
    status, ticket = curl(server, ada, "/api/datasets/download/kaggle", {"dataset_id": HEART})
    assert status == 202
    assert ticket["success"] is True
    assert ticket["dataset_id"] == HEART
    assert ticket["source"] == "Kaggle"
    assert HEART in ticket["message"]
    job = ada.finished(ticket["job_id"])
    assert job["state"] == "succeeded", job
    folder = Path(ticket["file_path"])
    assert folder.is_relative_to(server.data_dir / "downloads" / "kaggle" / "andrewmvd")
    # The archive arrived unpacked.
    assert [path.suffix for path in folder.rglob("*") if path.is_file()] == [".csv"]
    _check_receipt(ada, job)


def test_check_2_an_id_without_owner_is_followed_to_its_true_name(server: Server, ada: Client) -> None:
    status, ticket = curl(server, ada, "/api/datasets/download/huggingface", {"dataset_id": "imdb"})
    assert status == 202
    assert ticket["dataset_id"] == "imdb"
    assert ticket["source"] == "HuggingFace"
    assert ticket["ref"] == "huggingface:stanfordnlp/imdb"
    job = ada.finished(ticket["job_id"])
    assert job["state"] == "succeeded", job
    assert (
        ticket["file_path"]
        in ada.post(
            "/api/datasets/download/huggingface", {"dataset_id": "imdb"}, headers={"Prefer": "wait"}
        ).json()["message"]
    )
    _check_receipt(ada, job)
    # The short name is an alias from now on.
    assert ada.get("/api/datasets/imdb").json()["ref"] == "huggingface:stanfordnlp/imdb"


def test_check_3_a_question_brings_cards_that_can_be_downloaded(ada: Client) -> None:
    chat = ada.post("/api/chats", {}).json()
    answer = ada.post(f"/api/chats/{chat['id']}/messages", {"content": "Find diabetes datasets"}).json()
    assert answer["role"] == "assistant"
    cards = answer["downloadable_datasets"]
    assert {"Kaggle", "HuggingFace"} <= {card["source"] for card in cards}
    for card in cards:
        assert {"id", "title", "source", "url", "downloads"} <= card.keys()
    card = next(card for card in cards if card["source"] == "Kaggle")
    ticket = ada.post(card["download_endpoint"], {"dataset_id": card["id"], "download_path": None})
    assert ticket.status_code in (200, 202), ticket.text
    stored = ada.get(f"/api/chats/{chat['id']}").json()["messages"][-1]["downloadable_datasets"]
    assert [card["ref"] for card in stored] == [card["ref"] for card in cards]


def _check_receipt(client: Client, job: dict[str, Any]) -> None:
    """The receipt's files are on disk with its checksums; the library shows who vouches for them."""
    receipt = client.get(f"/api/datasets/{job['key']}/receipt").json()
    assert client.get(f"/api/datasets/{job['key']}").json()["grade"] == receipt["grade"] == "publisher"
    folder = Path(receipt["local_path"])
    on_disk = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert on_disk == {file["path"] for file in receipt["files"]}
    for file in receipt["files"]:
        assert hashlib.sha256((folder / file["path"]).read_bytes()).hexdigest() == file["sha256"]


def test_prefer_wait_answers_once_the_files_are_there(ada: Client) -> None:
    answer = ada.post(
        "/api/datasets/download-dataset",
        {"source": "builtin", "dataset_id": "iris"},
        headers={"Prefer": "wait"},
    )
    assert answer.status_code == 200
    assert answer.json()["status"] == "succeeded"
    assert "was downloaded" in answer.json()["message"]
    assert any(Path(answer.json()["file_path"]).iterdir())


def test_dataset_job_and_list_agree_and_a_repeat_starts_no_second_copy(ada: Client) -> None:
    body = {"dataset_id": "builtin:wine"}
    first = ada.post("/api/datasets/download-dataset", body, headers={"Prefer": "wait"}).json()
    row = ada.get(f"/api/datasets/{first['key']}").json()
    assert (row["downloaded"], row["status"], row["download_progress"]) == (True, "downloaded", 100.0)
    assert row["local_path"] == first["file_path"]
    again = ada.post("/api/datasets/download-dataset", body, headers={"Prefer": "wait"}).json()
    assert again["file_path"] == first["file_path"]
    page = ada.get("/api/datasets", params={"page_size": 200}).json()
    assert [item["ref"] for item in page["datasets"]].count("builtin:wine") == 1


def test_a_second_person_joins_the_job_and_a_third_sees_nothing_of_it(
    server: Server, hubs: Hubs, ada: Client
) -> None:
    bob, eve = server.client("bob@example.org"), server.client("eve@example.org")
    body = {"dataset_id": hubs.slow}
    mine = ada.post("/api/datasets/download/huggingface", body).json()
    his = bob.post("/api/datasets/download/huggingface", body).json()
    assert his["job_id"] == mine["job_id"]
    assert eve.get(f"/api/jobs/{mine['job_id']}").status_code == 404
    assert eve.post(f"/api/jobs/{mine['job_id']}/cancel").status_code == 404
    # One leaves, the other's download goes on; the last one stops it.
    assert ada.post(f"/api/jobs/{mine['job_id']}/cancel").status_code == 200
    assert ada.job(mine["job_id"])["state"] == "cancelled"
    until(lambda: bob.job(mine["job_id"])["progress"]["bytes_done"] > 0, "bytes arrive")
    bob.post(f"/api/jobs/{mine['job_id']}/cancel")
    partial = server.data_dir / "downloads" / ".incomplete"
    until(lambda: not partial.exists() or not any(partial.iterdir()), "the partial download is gone")
    assert not list((server.data_dir / "downloads" / "huggingface").glob(hubs.slow + "/*"))


def test_a_batch_answers_for_each(ada: Client) -> None:
    wishes = [
        {"dataset_id": "builtin:diabetes"},
        {"source": "kaggle", "dataset_id": "../../etc/passwd"},
        {"source": "kaggle", "dataset_id": "nobody/nothing-of-that-name"},
    ]
    results = ada.post("/api/datasets/download-multiple", {"datasets": wishes}).json()["results"]
    assert [result["success"] for result in results] == [True, False, False]
    assert [result["problem"] and result["problem"]["status"] for result in results] == [None, 422, 404]


def test_a_view_inside_the_store_and_none_outside(server: Server, ada: Client) -> None:
    body = {"dataset_id": "builtin:iris", "download_path": "mine/flowers"}
    wait = {"Prefer": "wait"}
    view = Path(ada.post("/api/datasets/download-dataset", body, headers=wait).json()["file_path"])
    assert view == (server.data_dir / "downloads" / "mine" / "flowers").resolve()
    original = Path(ada.get("/api/datasets/builtin:iris").json()["local_path"])
    for path in original.iterdir():
        assert (view / path.name).samefile(path)
    for outside in ("/etc", "../x", "a/../../x"):
        refused = ada.post("/api/datasets/download-dataset", {**body, "download_path": outside})
        assert refused.status_code == 422
        assert refused.json()["code"] == "outside_store"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("download-dataset", {"source": "nowhere", "dataset_id": "a/b"}, 422, "invalid_input"),
        ("download/kaggle", {"dataset_id": "../../etc/passwd"}, 422, "invalid_input"),
        ("download/kaggle", {"dataset_id": "no-owner"}, 422, "invalid_input"),
        ("download/kaggle", {"dataset_id": "nobody/nothing-of-that-name"}, 404, "not_found"),
        ("download/huggingface", {"dataset_id": "nobody/nothing-of-that-name"}, 404, "not_found"),
        ("download/kaggle", {"id": "a/b"}, 422, "invalid_input"),
        ("download-dataset", {"dataset_id": "a/b"}, 422, "invalid_input"),
        ("search-all", {"query": "  "}, 422, "invalid_input"),
    ],
)
def test_bad_input_gets_a_problem(
    ada: Client, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    answer = ada.post(f"/api/datasets/{path}", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "path",
    ["download/kaggle", "download/huggingface", "download-dataset", "download-multiple", "search-all"],
)
def test_each_route_needs_a_token(server: Server, ada: Client, path: str) -> None:
    answer = ada.http.post(f"/api/datasets/{path}", json={}, headers={"Authorization": ""})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_gated_dataset_says_where_to_accept_its_terms(hubs: Hubs, ada: Client) -> None:
    answer = ada.post("/api/datasets/download/huggingface", {"dataset_id": hubs.gated})
    assert answer.status_code == 403
    assert answer.json()["code"] == "gated"
    assert hubs.gated in answer.json()["link"]


def test_deleting_frees_the_files_and_only_those_who_asked_may(server: Server, ada: Client) -> None:
    wait = {"Prefer": "wait"}
    body = {"dataset_id": "builtin:digits"}
    folder = Path(ada.post("/api/datasets/download-dataset", body, headers=wait).json()["file_path"])
    mallory = server.client("mallory@example.org")
    assert mallory.http.delete("/api/datasets/builtin:digits/data").status_code == 403
    deletion = ada.http.delete("/api/datasets/builtin:digits/data").json()
    assert deletion["freed_bytes"] > 0
    assert ada.finished(deletion["job_id"])["state"] == "succeeded"
    assert not folder.exists()
    assert ada.get("/api/datasets/builtin:digits/receipt").status_code == 404
    refs = [item["ref"] for item in ada.get("/api/datasets?registered=false").json()["datasets"]]
    assert "builtin:digits" not in refs


def test_force_fetches_afresh(ada: Client) -> None:
    wait = {"Prefer": "wait"}
    body = {"dataset_id": "builtin:breast_cancer"}
    first = ada.post("/api/datasets/download-dataset", body, headers=wait).json()
    folder = Path(first["file_path"])
    damaged = next(path for path in folder.iterdir() if path.suffix == ".csv")
    good = damaged.read_bytes()
    damaged.chmod(0o644)
    damaged.write_bytes(b"x" * len(good))
    ada.post("/api/datasets/download-dataset", body | {"force_download": True}, headers=wait)
    assert damaged.read_bytes() == good


def test_a_full_disk_is_said_before_the_first_byte(tmp_path: Path, hubs: Hubs) -> None:
    settings = hubs.settings | {"DATAFERRY_MIN_FREE_BYTES": str(10**18)}
    with Server(tmp_path / "data", **settings) as server:
        answer = server.client().post("/api/datasets/download/kaggle", {"dataset_id": HEART})
        assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
        assert "free" in answer.json()["detail"].lower()
        assert server.client().get("/api/jobs").json() == []


def test_what_a_download_needs_and_what_is_free_is_said(ada: Client) -> None:
    body = {"dataset_id": "builtin:digits"}
    [card, *_] = ada.post("/api/datasets/search-all", {"query": "digits", "sources": ["builtin"]}).json()[
        "datasets"
    ]
    ticket = ada.post("/api/datasets/download-dataset", body, headers={"Prefer": "wait=0"}).json()
    assert ticket["disk_space"]["needed_bytes"] == card["size_bytes"] > 0
    assert ticket["disk_space"]["free_bytes"] > 10**6
    ada.finished(ticket["job_id"])
    here = ada.post("/api/datasets/download-dataset", body).json()
    assert (here["status"], here["disk_space"]["needed_bytes"]) == ("succeeded", 0)
    part = ada.post("/api/datasets/download-dataset", body | {"files": ["test.csv"]}).json()
    assert part["disk_space"]["needed_bytes"] is None
    ada.finished(part["job_id"])


def test_what_is_here_is_answered_though_the_disk_is_full(tmp_path: Path) -> None:
    body = {"dataset_id": "builtin:iris"}
    with Server(tmp_path / "data") as server:
        server.client().post("/api/datasets/download-dataset", body, headers={"Prefer": "wait"})
    with Server(tmp_path / "data", DATAFERRY_MIN_FREE_BYTES=str(10**18)) as server:
        ada = server.client()
        assert ada.post("/api/datasets/download-dataset", body).status_code == 200
        forced = ada.post("/api/datasets/download-dataset", body | {"force_download": True})
        assert (forced.status_code, forced.json()["code"]) == (507, "disk_full")


def test_a_source_that_is_slow_is_asked_again_by_the_job(tmp_path: Path) -> None:
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        hubs.kaggle.fault("delay", seconds=1.0)
        settings = hubs.settings | {"DATAFERRY_DESCRIBE_TIMEOUT_S": "0.3"}
        with Server(tmp_path / "data", **settings) as server:
            ada = server.client()
            answer = ada.post("/api/datasets/download/kaggle", {"dataset_id": HEART})
            assert answer.status_code == 202, answer.text
            job = ada.finished(answer.json()["job_id"])
            assert job["state"] == "succeeded", job
            assert job["revision"]
            row = ada.get(f"/api/datasets/{job['key']}").json()
            assert (row["revision"], row["downloaded"]) == (job["revision"], True)
            assert any(Path(job["file_path"]).iterdir())


def test_requests_are_answered_while_a_download_runs(hubs: Hubs, ada: Client) -> None:
    ticket = ada.post("/api/datasets/download/kaggle", {"dataset_id": hubs.slow}).json()
    until(lambda: ada.job(ticket["job_id"])["progress"]["bytes_done"] > 0, "bytes arrive")
    worst = 0.0
    for _ in range(20):
        worst = max(worst, ada.get("/api/auth/me").elapsed.total_seconds())
    ada.post(f"/api/jobs/{ticket['job_id']}/cancel")
    assert worst < 0.5


def test_dataset_job_and_events_tell_one_story(ada: Client) -> None:
    body = {"dataset_id": "builtin:iris", "force_download": True}
    ticket = ada.post("/api/datasets/download-dataset", body, headers={"Prefer": "wait"}).json()
    events = ada.get(f"/api/jobs/{ticket['job_id']}/events").json()
    states = [event["state"] for event in events]
    assert states[0] == "queued"
    assert states[-1] == "succeeded"
    later = ada.get(f"/api/jobs/{ticket['job_id']}/events", params={"after": events[0]["seq"]}).json()
    assert [event["state"] for event in later] == states[1:]


def test_the_parameters_of_a_job_are_described(ada: Client) -> None:
    schema = ada.get("/api/job_params/dataset").json()
    assert schema["properties"]["force_download"]["type"] == "boolean"
    job = ada.post("/api/jobs", {"ref": "builtin:wine", "params": {"force_download": True}}).json()
    assert job["kind"] == "download"
    assert ada.finished(job["id"])["state"] == "succeeded"


def test_a_wait_that_ends_leaves_the_job_running(hubs: Hubs, ada: Client) -> None:
    body = {"dataset_id": hubs.slow, "force_download": True}
    answer = ada.post("/api/datasets/download/kaggle", body, headers={"Prefer": "wait=1"})
    assert answer.status_code == 202
    job = ada.job(answer.json()["job_id"])
    assert job["state"] in ("queued", "running", "verifying")
    ada.post(f"/api/jobs/{job['id']}/cancel")


def test_a_full_ref_goes_to_the_source_that_it_names(ada: Client) -> None:
    body = {"dataset_id": "builtin:iris", "download_path": None}
    ticket = ada.post("/api/datasets/download/kaggle", body, headers={"Prefer": "wait"}).json()
    assert (ticket["source"], ticket["status"]) == ("Built-in", "succeeded")


def test_the_first_rows_of_a_table_are_shown(ada: Client) -> None:
    ada.post("/api/datasets/download-dataset", {"dataset_id": "builtin:iris"}, headers={"Prefer": "wait"})
    preview = ada.get("/api/datasets/builtin:iris/preview", params={"rows": 3}).json()
    assert preview["path"] == "train.csv"
    assert [column["dtype"] for column in preview["columns"]] == ["number"] * 4 + ["text"]
    folder = ada.get("/api/datasets/builtin:iris").json()["local_path"]
    with (Path(folder) / "train.csv").open(newline="") as file:
        written = list(csv.reader(file))
    assert [column["name"] for column in preview["columns"]] == written[0]
    assert preview["rows"] == written[1:4]
    assert preview["row_count"] == len(written) - 1
    chosen = {"path": "test.csv", "rows": 1, "cell_chars": 3}
    other = ada.get("/api/datasets/builtin:iris/preview", params=chosen).json()
    assert (other["path"], len(other["rows"])) == ("test.csv", 1)
    species = len(other["columns"]) - 1
    assert [(one["row"], one["column"]) for one in other["cut"]] == [(0, species)]
    wrong = ada.get("/api/datasets/builtin:iris/preview", params={"path": "../iris"})
    assert (wrong.status_code, wrong.json()["code"]) == (404, "not_found")


def test_an_update_fetches_the_newest_and_then_deletes_the_old(tmp_path: Path) -> None:
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub, Server(tmp_path / "data", **hubs.settings) as server:
        ada = server.client()
        wait = {"Prefer": "wait"}
        first = ada.post("/api/datasets/download/kaggle", {"dataset_id": HEART}, headers=wait).json()
        dataset = hubs.kaggle.catalogue.find("kaggle", HEART)
        assert dataset is not None
        dataset.publish(lambda: dict(dataset.versions[0].files))
        ticket = ada.post(f"/api/datasets/{first['key']}/update").json()
        job = ada.finished(ticket["job_id"])
        assert (job["state"], job["revision"]) == ("succeeded", "2")
        assert not Path(first["file_path"]).exists()
        assert any(Path(job["file_path"]).iterdir())
        row = ada.get(f"/api/datasets/{first['key']}").json()
        assert (row["revision"], row["downloaded"]) == ("2", True)


def test_a_choice_of_files_brings_those_only(ada: Client, hubs: Hubs) -> None:
    body = {"dataset_id": "builtin:wine", "files": ["test.csv"]}
    ticket = ada.post("/api/datasets/download-dataset", body, headers={"Prefer": "wait"}).json()
    assert [path.name for path in Path(ticket["file_path"]).iterdir()] == ["test.csv"]
    answer = ada.post(
        "/api/datasets/download-dataset", body | {"files": ["none.*"]}, headers={"Prefer": "wait"}
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "none.*" in answer.json()["detail"]
    assert "test.csv" in answer.json()["next_step"]


@pytest.mark.parametrize(
    ("dataset_id", "choice", "found"),
    [
        ("huggingface:stanfordnlp/imdb", {"files": ["plain_text/**"]}, {"test.jsonl", "train.jsonl"}),
        ("huggingface:stanfordnlp/imdb", {"files": ["t?st.*"]}, {"test.jsonl"}),
        ("huggingface:stanfordnlp/imdb", {"split": "train"}, {"train.jsonl"}),
        ("huggingface:stanfordnlp/imdb", {"config": "plain_text"}, {"test.jsonl", "train.jsonl"}),
        # Members of an archive.
        ("kaggle:paultimothymooney/chest-xray-pneumonia", {"files": ["**/test/NORMAL/*"]}, None),
    ],
)
def test_files_are_chosen_by_pattern_config_and_split(
    ada: Client, dataset_id: str, choice: dict[str, Any], found: set[str] | None
) -> None:
    body = {"dataset_id": dataset_id, **choice}
    ticket = ada.post("/api/datasets/download-dataset", body, headers={"Prefer": "wait"}).json()
    assert ticket["status"] == "succeeded", ticket
    files = [path for path in Path(ticket["file_path"]).rglob("*") if path.is_file()]
    if found is None:
        assert {(path.parent.parent.name, path.parent.name) for path in files} == {("test", "NORMAL")}
    else:
        assert {path.name for path in files} == found


@pytest.mark.parametrize(
    ("dataset_id", "choice", "status", "said"),
    [
        ("huggingface:stanfordnlp/imdb", {"config": "html"}, 404, "It has plain_text."),
        ("huggingface:stanfordnlp/imdb", {"split": "dev"}, 404, "It has train, test."),
        ("huggingface:many-hands/small-records", {"split": "train"}, 404, "pattern"),
        ("kaggle:andrewmvd/heart-failure-clinical-data", {"split": "train"}, 422, "pattern"),
        ("huggingface:stanfordnlp/imdb", {"split": "train", "files": ["a"]}, 422, "Leave out one"),
    ],
)
def test_a_choice_that_cannot_be_made_says_what_can(
    ada: Client, dataset_id: str, choice: dict[str, Any], status: int, said: str
) -> None:
    body = {"dataset_id": dataset_id, **choice}
    answer = ada.post("/api/datasets/download-dataset", body, headers={"Prefer": "wait"})
    assert answer.status_code == status, answer.text
    assert said in answer.json()["next_step"]


def test_a_gated_dataset_is_seen_by_those_whose_own_access_is_checked(tmp_path: Path) -> None:
    hubs = make_hubs()
    token = grace().hf_token
    with (
        hubs.kaggle,
        hubs.hub,
        Server(tmp_path / "data", HF_TOKEN=token, **hubs.settings) as server,
    ):
        server.client("admin@example.org")
        ada, eve = server.client(), server.client("eve@example.org")
        body = {"dataset_id": hubs.gated}
        ticket = ada.post("/api/datasets/download/huggingface", body, headers={"Prefer": "wait"}).json()
        assert ticket["status"] == "succeeded", ticket
        assert Path(ticket["file_path"]).stat().st_mode & 0o077 == 0
        path = f"/api/datasets/{ticket['key']}"
        assert ada.get(path).status_code == 200
        assert eve.get(path).status_code == 404
        assert eve.get("/api/datasets?registered=false").json()["total"] == 0

        # A day later the hub is asked again, whatever is read first …
        for read in ("", "/repository", "/receipt"):
            age_access(server)
            assert ada.get(path + read).status_code == 200, read
        # … what it granted stands while it cannot be reached …
        age_access(server)
        hubs.hub.fault("server_error", status=503)
        assert ada.get(path).status_code == 200
        hubs.heal()
        # … and is gone when the hub says no.
        age_access(server)
        hubs.hub.fault("private")
        assert ada.get(path).status_code == 404
        # That stays so while it cannot be reached, or is slow to say it again.
        hubs.heal()
        hubs.hub.fault("server_error", status=503)
        assert ada.get(path).status_code == 404
        hubs.heal()
        hubs.hub.fault("delay", seconds=60, where="api")
        assert ada.get(path).status_code == 404
        assert ada.get("/api/datasets?registered=false").json()["total"] == 0
