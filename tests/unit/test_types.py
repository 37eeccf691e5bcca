"""References: parsed once, printed back the same, and safe as a path and a URL segment."""

import re
import string
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from dataferry.core.errors import InvalidInput
from dataferry.core.job_types import JobKind, JobView
from dataferry.core.specs import JOB_KINDS
from dataferry.core.types import (
    SOURCE_LABELS,
    SOURCE_NAMES,
    Credential,
    DatasetRef,
    FileEntry,
    Http,
    Manifest,
    SourceName,
)
from dataferry.jobs.queue import QUEUES
from dataferry.tools.inputs import SearchInput

_edge = st.sampled_from(string.ascii_letters + string.digits + "_")
_middle = st.text(string.ascii_letters + string.digits + "_.-", max_size=12).filter(
    lambda text: ".." not in text and "--" not in text
)
_segments = st.builds("".join, st.tuples(_edge, _middle, _edge)).filter(
    lambda text: ".." not in text and "--" not in text
)
_hub_ids = st.builds(lambda owner, name: f"{owner}/{name}", _segments, _segments)
_hosts = st.sampled_from(["example.org", "data.example.org:8443", "[2001:db8::1]", "127.0.0.1:80"])
_paths = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Z"], exclude_characters="?#\\[]")
    | st.sampled_from("/%~!"),
    max_size=30,
)
_queries = st.text(string.ascii_letters + string.digits + "=&%+-_", max_size=20)
_links = st.builds(
    lambda scheme, host, path, query: f"{scheme}://{host}/{path}" + (f"?{query}" if query else ""),
    st.sampled_from(["http", "https"]),
    _hosts,
    _paths,
    _queries,
)
_refs = st.one_of(
    st.builds(DatasetRef.make, st.just("kaggle"), _hub_ids),
    st.builds(DatasetRef.make, st.just("huggingface"), st.one_of(_hub_ids, _segments)),
    st.builds(
        DatasetRef.make, st.just("builtin"), st.from_regex(r"[a-z](-?[a-z0-9_]){0,20}", fullmatch=True)
    ),
    st.builds(DatasetRef.make, st.just("url"), _links),
)


@given(_refs)
def test_print_and_parse(ref: DatasetRef) -> None:
    assert str(DatasetRef.parse(str(ref))) == str(ref)
    assert DatasetRef.parse(str(ref)) == ref


@given(_refs)
def test_a_key_is_one_url_segment_and_comes_back(ref: DatasetRef) -> None:
    assert re.fullmatch(r"[A-Za-z0-9._:~!-]+", ref.key)
    assert DatasetRef.from_key(ref.key) == ref


@given(_links)
def test_a_link_shows_no_query_and_no_user(link: str) -> None:
    ref = DatasetRef.make("url", link)
    assert "?" not in ref.id
    assert ref.url is not None
    assert DatasetRef.make("url", ref.url) == ref
    scheme, _, rest = link.partition("://")
    named = DatasetRef.make("url", f"{scheme}://someone:pa55word@{rest}")
    assert "pa55word" not in f"{named} {named!r} {named.key}"
    assert "pa55word" in (named.url or "")


@given(st.text(max_size=60), st.sampled_from(SOURCE_NAMES))
def test_any_text_is_a_ref_or_refused(text: str, source: str) -> None:
    try:
        ref = DatasetRef.make(source, text)
    except InvalidInput:
        return
    assert DatasetRef.parse(str(ref)) == ref
    if source != "url":
        assert ".." not in ref.id
        assert not ref.id.startswith(("/", ".", "-"))
        assert "\\" not in ref.id


@given(st.text(max_size=60))
def test_any_key_is_a_ref_or_refused(key: str) -> None:
    try:
        ref = DatasetRef.from_key(key)
    except InvalidInput:
        return
    assert DatasetRef.from_key(ref.key) == ref


@pytest.mark.parametrize(
    ("source", "dataset_id"),
    [
        ("kaggle", "../../etc/passwd"),
        ("kaggle", "a"),
        ("kaggle", "a/b/c"),
        ("kaggle", "/a/b"),
        ("kaggle", "a/.."),
        ("kaggle", "a/b\n"),
        ("huggingface", "a/../b"),
        ("huggingface", ""),
        ("builtin", "Iris"),
        ("builtin", "../iris"),
        ("url", "ftp://example.org/a"),
        ("url", "file:///etc/passwd"),
        ("url", "https:///a"),
        ("url", "https://example.org/a b"),
        ("url", "https://example.org:99999/a"),
        ("url", "example.org/a.zip"),
        ("zenodo", "a/b"),
    ],
)
def test_what_is_no_ref(source: str, dataset_id: str) -> None:
    with pytest.raises(InvalidInput):
        DatasetRef.make(source, dataset_id)


def test_two_signatures_of_one_link_are_told_apart_without_showing_them() -> None:
    one, two = (DatasetRef.make("url", f"https://example.org/a.zip?sig={n}") for n in (1, 2))
    assert one != two
    assert one.id.partition("#")[0] == two.id.partition("#")[0] == "https://example.org/a.zip"


def test_owner_name_label() -> None:
    ref = DatasetRef.parse("huggingface:stanfordnlp/imdb")
    assert (ref.owner, ref.name, ref.label) == ("stanfordnlp", "imdb", "HuggingFace")
    assert DatasetRef.parse("builtin:iris").owner == ""


def test_total_is_unknown_when_a_part_is() -> None:
    files = (FileEntry("a", Http("https://example.org/a"), 1), FileEntry("b", Http("https://example.org/b")))
    ref = DatasetRef.parse("kaggle:a/b")
    assert Manifest(ref, "1", files).total_bytes is None
    assert Manifest(ref, "1", files[:1]).total_bytes == 1


def test_secrets_are_not_printed() -> None:
    credential = Credential("kaggle", "user", "someone", "s3cret")
    entry = FileEntry("a", Http("https://example.org/a?sig=s3cret", {"Authorization": "s3cret"}))
    assert "s3cret" not in f"{credential!r} {entry!r}"
    assert "s3cret" not in credential.fingerprint
    assert credential.fingerprint != Credential("kaggle", "user", "someone", "other").fingerprint


def test_a_job_that_was_sent_says_whether_it_is_active_and_is_read_back() -> None:
    job = JobView(
        id="job_1",
        kind="download",
        state="running",
        ref="builtin:iris",
        key="builtin:iris",
        source="builtin",
        title="Iris",
        dataset_id="ds_1",
        created_at=datetime.now(UTC),
    )
    assert job.model_dump()["active"] is True
    assert job.model_copy(update={"state": "failed"}).model_dump()["active"] is False
    assert JobView.model_validate_json(job.model_dump_json()) == job


def test_a_kind_of_job_names_a_queue_that_is_declared() -> None:
    assert {spec.queue for spec in JOB_KINDS.values()} <= set(QUEUES)


@pytest.mark.parametrize(
    ("names", "declared"), [(SourceName, SOURCE_NAMES), (JobKind, tuple(JOB_KINDS))], ids=["source", "job"]
)
def test_only_declared_names_are_taken_in(names: type[str], declared: tuple[str, ...]) -> None:
    adapter = TypeAdapter(names)
    assert adapter.json_schema()["enum"] == list(declared)
    with pytest.raises(ValidationError):
        adapter.validate_python("elsewhere")


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("Kaggle", "kaggle"),
        ("KAGGLE", "kaggle"),
        ("HuggingFace", "huggingface"),
        ("Hugging Face", "huggingface"),
        ("hugging-face", "huggingface"),
        ("Built-in", "builtin"),
        ("built in", "builtin"),
        ("URL", "url"),
        *((label, name) for name, label in SOURCE_LABELS.items()),
    ],
)
def test_a_source_is_taken_by_its_label(word: str, name: str) -> None:
    dataset_id = {"url": "https://example.org/a.csv", "builtin": "iris"}.get(name, "owner/name")
    assert TypeAdapter(SourceName).validate_python(word) == name
    assert SearchInput(query="iris", sources=[word]).sources == [name]
    assert DatasetRef.make(word, dataset_id) == DatasetRef.make(name, dataset_id)
    assert str(DatasetRef.parse(f"{word}:{dataset_id}")) == f"{name}:{dataset_id}"
