"""What people paste to name a dataset."""

import pytest

from dataferry.core.errors import InvalidInput
from dataferry.core.hub_addresses import read_address

HF = "huggingface:tau/scrolls"
KAGGLE = "kaggle:uciml/iris"


@pytest.mark.parametrize(
    ("text", "source", "ref", "revision", "path"),
    [
        ("huggingface:tau/scrolls", None, HF, None, None),
        ("HuggingFace:tau/scrolls", None, HF, None, None),
        ("tau/scrolls", "huggingface", HF, None, None),
        ("datasets/tau/scrolls", "huggingface", HF, None, None),
        ("https://huggingface.co/datasets/tau/scrolls", None, HF, None, None),
        ("  https://huggingface.co/datasets/tau/scrolls/\n", None, HF, None, None),
        ("https://www.huggingface.co/datasets/tau/scrolls?library=datasets#usage", None, HF, None, None),
        ("https://hf.co/datasets/tau/scrolls", None, HF, None, None),
        ("huggingface.co/datasets/tau/scrolls", None, HF, None, None),
        ("https://huggingface.co/datasets/tau/scrolls/viewer/default/train", None, HF, None, None),
        ("https://huggingface.co/datasets/tau/scrolls/discussions/3", None, HF, None, None),
        ("https://huggingface.co/datasets/tau/scrolls/tree/main", None, HF, "main", None),
        ("https://huggingface.co/datasets/tau/scrolls/tree/v1/data/a b", None, HF, "v1", "data/a b/"),
        ("https://huggingface.co/datasets/tau/scrolls/blob/main/a%20b.csv", None, HF, "main", "a b.csv"),
        ("https://huggingface.co/datasets/tau/scrolls/resolve/main/a.csv", None, HF, "main", "a.csv"),
        (
            "https://huggingface.co/datasets/tau/scrolls/tree/refs%2Fconvert%2Fparquet/default",
            None,
            HF,
            "refs/convert/parquet",
            "default/",
        ),
        (
            "https://huggingface.co/datasets/tau/scrolls/tree/refs/pr/1",
            None,
            HF,
            "refs/pr/1",
            None,
        ),
        ("https://huggingface.co/datasets/imdb", None, "huggingface:imdb", None, None),
        ("https://huggingface.co/datasets/imdb/tree/main", None, "huggingface:imdb", "main", None),
        ("hf://datasets/tau/scrolls", None, HF, None, None),
        (
            "hf://datasets/tau/scrolls@refs%2Fconvert%2Fparquet/a.csv",
            None,
            HF,
            "refs/convert/parquet",
            "a.csv",
        ),
        ("uciml/iris", "kaggle", KAGGLE, None, None),
        ("uciml/iris/versions/2", "kaggle", KAGGLE, "2", None),
        ("https://www.kaggle.com/datasets/uciml/iris", None, KAGGLE, None, None),
        ("kaggle.com/datasets/uciml/iris", None, KAGGLE, None, None),
        ("https://www.kaggle.com/datasets/uciml/iris/data?select=Iris.csv", None, KAGGLE, None, "Iris.csv"),
        ("https://www.kaggle.com/datasets/uciml/iris/versions/2", None, KAGGLE, "2", None),
        ("https://www.kaggle.com/datasets/uciml/iris/data?datasetVersionNumber=2", None, KAGGLE, "2", None),
        # An address at a hub says more than the source beside it.
        ("https://www.kaggle.com/datasets/uciml/iris", "huggingface", KAGGLE, None, None),
        ("https://example.org/a.csv", None, "url:https://example.org/a.csv", None, None),
        (
            "https://huggingface.co/datasets/tau/scrolls/resolve/main/a.csv",
            "url",
            "url:https://huggingface.co/datasets/tau/scrolls/resolve/main/a.csv",
            None,
            None,
        ),
        # A file of a model is no dataset, but it is a file.
        (
            "https://huggingface.co/gpt2/resolve/main/config.json",
            None,
            "url:https://huggingface.co/gpt2/resolve/main/config.json",
            None,
            None,
        ),
    ],
)
def test_what_is_named(
    text: str, source: str | None, ref: str, revision: str | None, path: str | None
) -> None:
    address = read_address(text, source)
    assert (str(address.ref), address.revision, address.path) == (ref, revision, path)


@pytest.mark.parametrize(
    ("text", "source", "told"),
    [
        ("uciml/iris", None, "kaggle:uciml/iris or huggingface:uciml/iris"),
        ("https://huggingface.co/gpt2", None, "https://huggingface.co/datasets/owner/name"),
        ("https://huggingface.co/datasets", None, "https://huggingface.co/datasets/owner/name"),
        ("https://www.kaggle.com/code/ada/iris", None, "https://www.kaggle.com/datasets/owner/name"),
        ("hf://gpt2/config.json", None, "hf://datasets/owner/name"),
        ("https://huggingface.co/datasets/../etc", None, "owner/name"),
        ("hf://datasets/tau/..%2f..", None, "owner/name"),
        ("uciml/iris", "zenodo", "kaggle, huggingface"),
        ("", None, "kaggle:"),
        ("https://[::1", None, "whole http"),
    ],
)
def test_what_names_nothing_is_told_how_to(text: str, source: str | None, told: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_address(text, source)
    assert told in caught.value.next_step
