"""Refusals in bodies of any shape: the hubs' own, and those of whoever stands in between."""

from collections.abc import Callable
from typing import Any

import pytest

from dataferry.core.errors import (
    CredentialRejected,
    DataferryError,
    Forbidden,
    GatedDataset,
    NotFound,
    SourceError,
    SourceNotConfigured,
    SourceProtocolError,
    SourceRateLimited,
    SourceUnreachable,
)
from tests.fakes.catalogue import ada
from tests.support.hub_source import Hub

SHAPES = ("nested", "flat", "hub", "html", "text", "list", "latin1", "empty")
#: Of Kaggle's rules as its older API told of them (Kaggle/kaggle-cli#132).
RULES = "You must accept this dataset's rules before you'll be able to download files."


def refused(hub: Hub) -> list[DataferryError]:
    """What a description ends in, without and with a credential, and a search."""
    found = []
    asks: list[Callable[[], Any]] = [
        lambda: hub.source.describe(hub.ref(hub.public), None, hub.anonymous),
        lambda: hub.source.describe(hub.ref(hub.public), None, hub.as_(ada())),
        lambda: hub.search("diabetes"),
        lambda: hub.search("diabetes", credential=hub.as_(ada())),
    ]
    for ask in asks:
        with pytest.raises(DataferryError) as caught:
            ask()
        found.append(caught.value)
    return found


@pytest.mark.parametrize(
    ("status", "kind"), [(429, SourceRateLimited), (500, SourceUnreachable), (502, SourceUnreachable)]
)
def test_limits_and_faults_are_told_by_the_status(hub: Hub, status: int, kind: type[SourceError]) -> None:
    """Kaggle/kaggle-cli#931: the body of a 429 is nested, or a page. kagglesdk reads it before the status."""
    for shape in SHAPES:
        hub.fake.heal()
        hub.fake.fault("refused", status=status, shape=shape)
        assert {type(error) for error in refused(hub)} == {kind}, shape


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 451])
def test_any_refusal_has_words_and_a_next_act(hub: Hub, status: int) -> None:
    for shape in SHAPES:
        hub.fake.heal()
        hub.fake.fault("refused", status=status, shape=shape, message="No \x07\u202ewords\nfor this")
        for error in refused(hub):
            assert error.next_step
            assert error.code != "internal"
            shown = f"{error.detail} {error.next_step}"
            assert not any(ord(char) < 32 or char in "\u202e<" for char in shown), shown


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_page_of_a_load_balancer_says_nothing_of_the_dataset(kaggle: Hub, status: int) -> None:
    """Neither of its rules, nor of the credential: "accept" on such a page is about cookies."""
    kaggle.fake.fault("refused", status=status, shape="html", message="You must accept our terms of use.")
    assert {type(error) for error in refused(kaggle)} == {SourceProtocolError}


@pytest.mark.parametrize("shape", ["nested", "flat", "text", "list"])
def test_the_rules_are_blamed_where_kaggle_says_so(kaggle: Hub, shape: str) -> None:
    kaggle.fake.fault("refused", path="DownloadDataset", shape=shape, message=RULES)
    with pytest.raises(GatedDataset, match="rules are not accepted") as gated:
        kaggle.source.manifest(kaggle.ref(kaggle.public), None, kaggle.as_(ada()))
    assert "Open its page" in (gated.value.next_step or "")
    with pytest.raises(SourceNotConfigured, match="accepted its rules"):
        kaggle.source.manifest(kaggle.ref(kaggle.public), None, kaggle.anonymous)


@pytest.mark.parametrize("shape", ["nested", "flat", "text", "list", "latin1", "empty"])
def test_a_403_of_kaggles_about_a_dataset_is_missing_or_private(kaggle: Hub, shape: str) -> None:
    kaggle.fake.fault("refused", dataset=kaggle.public, shape=shape)
    for credential in (kaggle.anonymous, kaggle.as_(ada())):
        with pytest.raises(NotFound, match="missing or private"):
            kaggle.source.describe(kaggle.ref(kaggle.public), None, credential)


def test_a_403_of_kaggles_about_nothing_in_particular(kaggle: Hub) -> None:
    kaggle.fake.fault("refused", path="ListDatasets")
    with pytest.raises(SourceNotConfigured, match="callers without an account"):
        kaggle.search("diabetes")
    with pytest.raises(CredentialRejected):
        kaggle.search("diabetes", credential=kaggle.as_(ada()))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, "Access to this resource is disabled."),
        (403, "Access to this dataset has been disabled"),
        (451, "Removed after a notice of the rights holder."),
        (451, ""),
    ],
)
@pytest.mark.parametrize("shape", ["hub", "nested", "text"])
def test_what_huggingface_closed_is_closed_to_everybody(
    huggingface: Hub, status: int, words: str, shape: str
) -> None:
    """rom1504/img2dataset#379 and #378, huggingface/dataset-viewer#2273: no token opens it, and no proxy."""
    huggingface.fake.fault("refused", dataset=huggingface.public, status=status, message=words, shape=shape)
    for credential in (huggingface.anonymous, huggingface.as_(ada())):
        for ask in (huggingface.source.describe, huggingface.source.manifest):
            with pytest.raises(Forbidden, match="HuggingFace has closed stanfordnlp/imdb") as caught:
                ask(huggingface.ref(huggingface.public), None, credential)
            assert caught.value.code == "forbidden"
            shown = f"{caught.value.detail} {caught.value.next_step}"
            assert words.rstrip(".") in shown
            assert not [word for word in ("token", "HF_TOKEN", "proxy", "terms") if word in shown]


def test_a_dataset_that_is_marked_as_disabled_is_closed(huggingface: Hub) -> None:
    huggingface.dataset(huggingface.public).disabled = True
    for ask in (huggingface.source.describe, huggingface.source.manifest):
        with pytest.raises(Forbidden, match="has closed"):
            ask(huggingface.ref(huggingface.public), None, huggingface.anonymous)


@pytest.mark.parametrize("shape", ["hub", "html", "empty", "list"])
def test_a_403_of_huggingfaces_without_terms_blames_none(huggingface: Hub, shape: str) -> None:
    huggingface.fake.fault("refused", dataset=huggingface.public, shape=shape)
    for credential in (huggingface.anonymous, huggingface.as_(ada())):
        with pytest.raises(DataferryError) as caught:
            huggingface.source.describe(huggingface.ref(huggingface.public), None, credential)
        assert type(caught.value) is (SourceProtocolError if shape == "html" else Forbidden)
        assert "terms" not in f"{caught.value.detail} {caught.value.next_step}"
