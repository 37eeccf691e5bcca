"""The fakes themselves: HTTP as RFC 9110 says it, faults as they are named, the same bytes every time."""

import contextlib
import hashlib
import io
import json
import signal
import subprocess
import sys
import threading
import time
import zipfile
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import google_crc32c
import pytest
import requests
from huggingface_hub import HfApi
from PIL import Image

from tests.fakes import faults, made
from tests.fakes.catalogue import CHEST_XRAY, HEART, IMDB, seeded
from tests.fakes.content import BLOCK, Generated, binary, generated, text
from tests.fakes.dataset import FakeDataset, single
from tests.fakes.difficult import HUGE, HUGE_SIZE, SLOW
from tests.fakes.hub import HubFake
from tests.fakes.kaggle import KaggleFake
from tests.fakes.server import FakeServer

ROOT = Path(__file__).parents[2]
DATA = bytes(range(256)) * 40
TIMEOUT = 10


@pytest.fixture
def hub() -> Iterator[HubFake]:
    with HubFake() as fake:
        fake.catalogue.add(
            FakeDataset(
                "huggingface",
                "tests/bytes",
                title="Bytes",
                description="",
                license="mit",
                make=single("data.bin", lambda: binary(DATA)),
            )
        )
        yield fake


@pytest.fixture
def kaggle() -> Iterator[KaggleFake]:
    with KaggleFake() as fake:
        yield fake


def url(fake: FakeServer, path: str = "data.bin", dataset: str = "tests/bytes") -> str:
    return f"{fake.url}/datasets/{dataset}/resolve/main/{path}"


def get(address: str, **headers: str) -> requests.Response:
    named = {"Accept-Encoding": "identity"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(address, headers=named, timeout=TIMEOUT)


def rpc(fake: KaggleFake, call: str, **body: object) -> requests.Response:
    return requests.post(
        f"{fake.url}/v1/datasets.DatasetApiService/{call}", json=body, timeout=TIMEOUT, allow_redirects=False
    )


# -- ranges and preconditions -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "status", "content_range", "data"),
    [
        ("bytes=0-9", 206, "bytes 0-9/10240", DATA[:10]),
        ("bytes=10000-", 206, "bytes 10000-10239/10240", DATA[10000:]),
        ("bytes=-5", 206, "bytes 10235-10239/10240", DATA[-5:]),
        ("bytes=10-99999", 206, "bytes 10-10239/10240", DATA[10:]),
        ("bytes=10240-", 416, "bytes */10240", b""),
        ("bytes=9-3", 416, "bytes */10240", b""),
        ("bytes=0-1,5-6", 200, None, DATA),
        ("lines=1-2", 200, None, DATA),
        ("bytes=x-y", 200, None, DATA),
    ],
)
def test_ranges(hub: HubFake, wanted: str, status: int, content_range: str | None, data: bytes) -> None:
    answer = get(url(hub), Range=wanted)
    assert (answer.status_code, answer.headers.get("Content-Range")) == (status, content_range)
    assert answer.content == data
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_preconditions(hub: HubFake) -> None:
    etag = get(url(hub)).headers["ETag"]
    assert get(url(hub), If_Match=etag, Range="bytes=0-0").status_code == 206
    assert get(url(hub), If_Match='"other"', Range="bytes=0-0").status_code == 412
    assert get(url(hub), If_Range=etag, Range="bytes=0-0").status_code == 206
    assert get(url(hub), If_Range='"other"', Range="bytes=0-0").content == DATA
    assert get(url(hub), If_None_Match=etag).status_code == 304


def test_head_has_the_headers_and_no_body(hub: HubFake) -> None:
    readme = url(hub, "README.md", IMDB)
    plain = {"Accept-Encoding": "identity"}
    head = requests.head(readme, headers=plain, timeout=TIMEOUT, allow_redirects=True)
    whole = get(readme)
    assert head.headers["Content-Length"] == str(len(whole.content))
    assert head.headers["ETag"] == whole.headers["ETag"]
    assert len(head.headers["X-Repo-Commit"]) == 40
    assert head.content == b""


def test_a_small_file_comes_by_a_second_hop_on_the_hub(hub: HubFake) -> None:
    """facts/wire.md, 1.2: relative, its escapes kept, and packed only where that is asked for."""
    hub.catalogue.add(
        FakeDataset("huggingface", "tests/small", "", "", "mit", lambda: {"a b/c&d.csv": text("a\n")})
    )
    readme = f"{hub.url}/datasets/tests/small/resolve/main/{quote('a b/c&d.csv')}"
    hop = requests.get(readme, timeout=TIMEOUT, allow_redirects=False)
    assert hop.status_code == 307
    location = hop.headers["Location"]
    assert location.startswith("/api/resolve-cache/datasets/tests/small/")
    assert location.partition("?")[0].endswith("/a%20b%2Fc%26d.csv")
    assert hop.headers["RateLimit"].startswith('"resolvers";r=')
    packed = get(readme, Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["ETag"].startswith('W/"')
    plain = get(readme)
    assert plain.headers["ETag"] == packed.headers["ETag"].removeprefix("W/")
    assert packed.content == plain.content == b"a\n"


def test_a_large_file_comes_from_a_host_that_says_little(hub: HubFake) -> None:
    """facts/wire.md, 1.3."""
    hop = requests.get(url(hub), timeout=TIMEOUT, allow_redirects=False)
    assert hop.status_code == 302
    assert all(
        name in hop.headers for name in ("X-Linked-ETag", "X-Linked-Size", "X-Xet-Hash", "X-Repo-Commit")
    )
    assert 'rel="xet-auth"' in hop.headers["Link"]
    headers = get(url(hub)).headers
    assert len(headers["ETag"].strip('"')) == 64
    assert not {"Content-Type", "Last-Modified", "X-Repo-Commit", "X-Linked-Size"} & set(headers)


def test_kaggles_storage_writes_a_line_for_each_hash(kaggle: KaggleFake) -> None:
    """facts/wire.md, 2.5: durations, and a CRC32C that is true."""
    location = _lease(kaggle)
    assert "X-Goog-Expires=259200&" in location
    assert "X-Goog-SignedHeaders=host" in location
    answer = get(location)
    crc32c, md5 = answer.raw.headers.getlist("x-goog-hash")
    assert b64decode(crc32c.removeprefix("crc32c=")) == google_crc32c.Checksum(answer.content).digest()
    assert b64decode(md5.removeprefix("md5=")) == hashlib.md5(answer.content).digest()


def test_the_storage_refuses_an_authorization_header(hub: HubFake, kaggle: KaggleFake) -> None:
    for address in (_cdn(hub), _lease(kaggle)):
        assert get(address).ok
        assert get(address, Authorization="Bearer x").status_code == 400
        assert get(address.replace("Signature=a", "Signature=b")).status_code == 403


def _cdn(hub: HubFake) -> str:
    location = requests.get(url(hub), timeout=TIMEOUT, allow_redirects=False).headers["Location"]
    assert "%2F" in location
    return location


def _lease(kaggle: KaggleFake) -> str:
    owner, slug = HEART.split("/")
    location = rpc(kaggle, "DownloadDataset", ownerSlug=owner, datasetSlug=slug).headers["Location"]
    assert "%2F" in location
    return location


# -- faults ----------------------------------------------------------------------------------------


def test_drop_after(hub: HubFake) -> None:
    hub.fault("drop_after", bytes=1000)
    with requests.get(url(hub), stream=True, timeout=TIMEOUT) as answer:
        assert answer.headers["Content-Length"] == str(len(DATA))
        assert answer.raw.read1(2000) == DATA[:1000]
        with pytest.raises(Exception, match="IncompleteRead"):
            answer.raw.read(1)


def test_stall_until_healed(hub: HubFake) -> None:
    hub.fault("stall", bytes=500)
    with requests.get(url(hub), stream=True, timeout=0.2) as answer:
        assert answer.raw.read(500) == DATA[:500]
        with pytest.raises(Exception, match="timed out"):
            answer.raw.read(1)
    hub.heal()
    assert get(url(hub)).content == DATA


def test_wrong_bytes_have_the_right_size(hub: HubFake) -> None:
    hub.fault("wrong_bytes", at=7)
    wrong = get(url(hub)).content
    assert (len(wrong), wrong[7] ^ 0xFF) == (len(DATA), DATA[7])
    assert wrong[:7] + wrong[8:] == DATA[:7] + DATA[8:]
    assert get(url(hub), Range="bytes=5-9").content == wrong[5:10]
    assert get(url(hub), Range="bytes=8-9").content == DATA[8:10]


def test_short_body_looks_whole(hub: HubFake) -> None:
    hub.fault("short_body", bytes=40)
    assert get(url(hub)).content == DATA[:-40]


def test_no_range(hub: HubFake) -> None:
    hub.fault("no_range")
    answer = get(url(hub), Range="bytes=5-9")
    assert (answer.status_code, answer.content) == (200, DATA)
    assert "Accept-Ranges" not in answer.headers


def test_changed_etag(hub: HubFake) -> None:
    etag = get(url(hub)).headers["ETag"]
    hub.fault("changed_etag")
    assert get(url(hub), If_Match=etag).status_code == 412


def test_slow_and_slow_first_byte(hub: HubFake) -> None:
    hub.fault("slow", bytes_per_s=50_000)
    began = time.monotonic()
    assert get(url(hub)).content == DATA
    assert time.monotonic() - began > 0.15
    hub.heal()
    hub.fault("slow_first_byte", seconds=0.15)
    assert get(url(hub)).elapsed.total_seconds() > 0.15


def test_expired_urls(hub: HubFake, kaggle: KaggleFake) -> None:
    addresses = {_cdn(hub): 403, _lease(kaggle): 400}
    for fake in (hub, kaggle):
        fake.fault("expired_url", times=1)
    for address, status in addresses.items():
        assert get(address).status_code == status
        assert get(address).ok
    kaggle.fault("short_lease")
    assert "ExpiredToken" in get(_lease(kaggle)).text


def test_limits_and_server_errors_hit_where_they_are_put(hub: HubFake) -> None:
    hub.fault("rate_limit", where="bytes", style="ratelimit", seconds=87)
    limited = get(url(hub))
    assert (limited.status_code, limited.headers["RateLimit"]) == (429, '"resolvers";r=0;t=87')
    assert get(f"{hub.url}/api/datasets").ok
    hub.heal()
    hub.fault("server_error", status=503, dataset=IMDB)
    assert get(f"{hub.url}/api/datasets/{IMDB}").status_code == 503
    assert get(f"{hub.url}/api/datasets/tests/bytes").ok


def test_a_fault_can_be_for_one_file_and_a_number_of_times(hub: HubFake) -> None:
    hub.fault("short_body", path="data.bin", times=2)
    assert get(url(hub, "README.md")).headers["Content-Length"] == str(
        len(get(url(hub, "README.md")).content)
    )
    assert [len(get(url(hub)).content) for _ in range(3)] == [len(DATA) - 1, len(DATA) - 1, len(DATA)]


def test_gates_and_hiding_can_be_put_up_at_run_time(hub: HubFake, kaggle: KaggleFake) -> None:
    owner, slug = HEART.split("/")
    for fake in (hub, kaggle):
        fake.fault("gated")
    assert get(url(hub)).headers["X-Error-Code"] == "GatedRepo"
    assert get(f"{hub.url}/api/datasets/{IMDB}").json()["gated"] == "manual"
    assert rpc(kaggle, "DownloadDataset", ownerSlug=owner, datasetSlug=slug).status_code == 403
    for fake in (hub, kaggle):
        fake.heal()
        fake.fault("private")
    assert get(f"{hub.url}/api/datasets/{IMDB}").status_code == 401
    assert rpc(kaggle, "GetDataset", ownerSlug=owner, datasetSlug=slug).status_code == 403


def test_archives_that_are_dangerous(kaggle: KaggleFake) -> None:
    def members() -> list[zipfile.ZipInfo]:
        return zipfile.ZipFile(io.BytesIO(get(_lease(kaggle)).content)).infolist()

    kaggle.fault("zip_slip", times=1)
    assert "../../escaped.txt" in [member.filename for member in members()]
    kaggle.fault("zip_bomb", times=1, bytes=20_000_000)
    (bomb,) = members()
    assert bomb.file_size == 20_000_000
    assert bomb.compress_size < 100_000
    kaggle.fault("non_utf8_names", times=1)
    (odd,) = members()
    assert odd.filename.encode("cp437").decode("latin-1") == "données/mesures_été.csv"
    assert [member.filename for member in members()] == ["heart_failure_clinical_records_dataset.csv"]


def test_a_path_that_points_outside_in_a_tree(hub: HubFake) -> None:
    hub.fault("zip_slip")
    listed = HfApi(endpoint=hub.url, token=False).list_repo_tree(IMDB, repo_type="dataset", recursive=True)
    assert "../../escaped.txt" in [entry.path for entry in listed]


def test_an_unknown_fault_or_option_is_said(hub: HubFake) -> None:
    with pytest.raises(ValueError, match="no fault named 'no_such'"):
        hub.fault("no_such")
    with pytest.raises(ValueError, match="no option bites"):
        hub.fault("stall", bites=3)


def test_the_table_of_faults_names_them_all() -> None:
    assert faults.__doc__ is not None
    assert all(f"\n{name} " in faults.__doc__ for name in faults.NAMES)


# -- log and control --------------------------------------------------------------------------------


def test_faults_and_log_over_http(hub: HubFake) -> None:
    fault = {"name": "short_body", "dataset": "tests/bytes", "bytes": 2}
    assert requests.post(f"{hub.url}/_fault", json=fault, timeout=TIMEOUT).status_code == 204
    assert len(get(url(hub), Range="bytes=0-").content) == len(DATA) - 2
    wrong = requests.post(f"{hub.url}/_fault", json={"name": "no_such"}, timeout=TIMEOUT)
    assert (wrong.status_code, "no_such" in wrong.json()["error"]) == (422, True)
    assert requests.delete(f"{hub.url}/_fault", timeout=TIMEOUT).status_code == 204
    assert get(url(hub)).content == DATA
    entry = next(entry for entry in get(f"{hub.url}/_log").json() if entry["server"] == "storage")
    assert (entry["dataset"], entry["file"], entry["status"]) == ("tests/bytes", "data.bin", 206)
    assert entry["headers"]["range"] == "bytes=0-"
    assert entry["bytes_sent"] == len(DATA) - 2


def test_stopping_ends_what_hangs() -> None:
    fake = HubFake().start()
    fake.fault("delay", seconds=60)
    ended = threading.Event()

    def ask() -> None:
        with contextlib.suppress(requests.RequestException):
            get(f"{fake.url}/api/datasets")
        ended.set()

    threading.Thread(target=ask).start()
    while not fake.log and not ended.is_set():
        time.sleep(0.005)
    began = time.monotonic()
    fake.stop()
    assert ended.wait(5)
    assert time.monotonic() - began < 2


def test_all_fakes_in_a_process_of_their_own() -> None:
    command = [sys.executable, "-m", "tests.fakes", "--kaggle-port", "0", "--hub-port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            urls = dict(process.stdout.readline().split() for _ in range(2))
            assert get(f"{urls['hub']}/api/datasets?search=diabetes").json()
            answer = requests.post(
                f"{urls['kaggle']}/v1/datasets.DatasetApiService/ListDatasets",
                json={"search": "diabetes"},
                timeout=TIMEOUT,
            )
            assert answer.json()["datasets"]
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


# -- contents ----------------------------------------------------------------------------------------


def test_generated_bytes_are_the_same_wherever_they_are_read() -> None:
    content = Generated(3 * BLOCK + 17, seed=1)
    whole = content.read(0, content.size)
    assert len(whole) == content.size == len(content.read(0, 10 * BLOCK))
    for start, length in ((0, 1), (BLOCK - 3, 9), (2 * BLOCK, BLOCK), (3 * BLOCK + 10, 99), (5, 2 * BLOCK)):
        assert content.read(start, length) == whole[start : start + length]
    assert whole[:BLOCK] != whole[BLOCK : 2 * BLOCK]
    assert Generated(100, seed=1).read(0, 100) != Generated(100, seed=2).read(0, 100)


def test_checksums_are_those_of_the_bytes() -> None:
    blob = generated(BLOCK + 5, seed=2)
    data = blob.read(0, blob.size)
    assert blob.sha256 == hashlib.sha256(data).hexdigest()
    assert blob.md5 == hashlib.md5(data, usedforsecurity=False).digest()
    # `git hash-object` of the text "hello\n".
    assert text("hello\n").git_sha1 == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_any_part_of_two_gigabytes_comes_without_the_rest(hub: HubFake) -> None:
    blob = hub.catalogue.find("huggingface", HUGE).latest.files["data/big.bin"]  # type: ignore[union-attr]
    assert blob.size == HUGE_SIZE
    began = time.monotonic()
    assert len(blob.read(HUGE_SIZE - 10, 100)) == 10
    assert time.monotonic() - began < 0.5


def test_two_catalogues_hold_the_same_bytes() -> None:
    first, second = seeded(), seeded()
    for hub, dataset_id in (("kaggle", CHEST_XRAY), ("kaggle", HEART), ("huggingface", IMDB)):
        one, other = first.find(hub, dataset_id), second.find(hub, dataset_id)  # type: ignore[arg-type]
        assert one is not None
        assert other is not None
        assert one is not other
        assert one.latest.archive.sha256 == other.latest.archive.sha256


def test_images_are_images() -> None:
    files = made.pictures({"red": (255, 0, 0)}, each=2, seed=1, side=16)
    for blob in files.values():
        with Image.open(io.BytesIO(blob.read(0, blob.size))) as image:
            image.load()
            assert (image.size, image.mode) == ((16, 16), "RGB")
            assert (255, 0, 0) in image.get_flattened_data()


def test_every_dataset_of_the_catalogue_can_be_made() -> None:
    catalogue = seeded()
    for dataset in [*catalogue.at("kaggle"), *catalogue.at("huggingface")]:
        assert dataset.latest.files, dataset.id
        assert dataset.latest.size > 0
        for path, blob in dataset.latest.files.items():
            if path.endswith((".json", ".jsonl")):
                json.loads(blob.read(0, blob.size).splitlines()[0])
    assert catalogue.find("kaggle", SLOW)
