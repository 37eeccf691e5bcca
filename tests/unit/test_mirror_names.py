"""What clients of the Hub write in an address, and what datasets are called there."""

import pytest
from huggingface_hub.utils import validate_repo_id
from hypothesis import example, given
from hypothesis import strategies as st

from dataferry.core.types import DatasetRef
from dataferry.mirror.addresses import RepoAddress, parse_address
from dataferry.mirror.names import ref_of, repo_of


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/api/datasets/a/b", RepoAddress("a/b")),
        ("//api/datasets/a/b/", RepoAddress("a/b")),
        ("/api/datasets/imdb", RepoAddress("imdb")),
        ("/api/datasets/a/b/revision/main", RepoAddress("a/b", "info", "main")),
        ("/api/datasets/imdb/revision/main", RepoAddress("imdb", "info", "main")),
        ("/api/datasets/a/b/tree/v1/data/x%20y", RepoAddress("a/b", "tree", "v1", "data/x y")),
        ("/api/datasets/a/b/tree/refs%2Fpr%2F1", RepoAddress("a/b", "tree", "refs/pr/1")),
        ("/api/datasets/a/b/tree/refs/pr/1/d", RepoAddress("a/b", "tree", "refs/pr/1", "d")),
        ("/datasets/a%2Fb/resolve/main/c.csv", RepoAddress("a/b", "resolve", "main", "c.csv")),
        ("/datasets/a/b/resolve/main/tree/main", RepoAddress("a/b", "resolve", "main", "tree/main")),
        ("/api/datasets/a/tree", RepoAddress("a/tree")),
        ("/api/datasets/a/b/refs", RepoAddress("a/b", "refs")),
        ("/api/datasets/a/b/discussions", None),
        ("/api/datasets", None),
        ("/api/models/a/b", None),
        ("/a/b/resolve/main/config.json", None),
        ("", None),
    ],
)
def test_addresses_as_clients_write_them(path: str, address: RepoAddress | None) -> None:
    assert parse_address(path) == address


@pytest.mark.parametrize(
    ("ref", "repo"),
    [
        ("huggingface:stanfordnlp/imdb", "stanfordnlp/imdb"),
        ("huggingface:kaggle/titanic", "kaggle/titanic"),
        ("kaggle:uciml/iris", "kaggle/uciml__iris"),
        ("builtin:iris", "builtin/iris"),
        ("upload:ada/cats", "upload/ada__cats"),
    ],
)
def test_names_lead_back(ref: str, repo: str) -> None:
    assert repo_of(DatasetRef.parse(ref)) == repo
    assert ref_of(repo) == DatasetRef.parse(ref)


_SLUG = st.from_regex(r"[a-z0-9_](?:[a-z0-9_.-]{0,60}[a-z0-9_])?", fullmatch=True).filter(
    lambda slug: ".." not in slug
)


@example(owner="0_", name="0")
@given(owner=_SLUG.filter(lambda slug: "--" not in slug), name=_SLUG)
def test_every_name_is_one_that_clients_take_and_stands_for_one_dataset(owner: str, name: str) -> None:
    ref = DatasetRef.make("kaggle", f"{owner}/{name}")
    repo = repo_of(ref)
    validate_repo_id(repo)
    assert ref_of(repo) in (ref, None)  # None: its digest tells it from all others


def test_a_link_has_a_name_without_what_is_secret_in_it() -> None:
    ref = DatasetRef.make("url", "https://ada:pw@example.org/d/my%20data.csv?sig=s3cr3t")
    repo = repo_of(ref)
    validate_repo_id(repo)
    assert "s3cr3t" not in repo
    assert ref_of(repo) is None
