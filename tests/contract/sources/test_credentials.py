"""Credentials and gates at Kaggle and HuggingFace: real client libraries against the fake hubs."""

import base64
from pathlib import Path
from typing import Any

import pytest

from dataferry.core.errors import (
    CredentialRejected,
    GatedDataset,
    NotFound,
    SourceNotConfigured,
    SourceProtocolError,
    SourceUnreachable,
)
from dataferry.core.settings import Settings
from dataferry.core.types import Credential
from dataferry.sources.base import SearchFilters, SearchQuery
from dataferry.sources.catalog import Catalog
from tests.fakes.catalogue import ada, grace
from tests.fakes.difficult import HF_GATED, KAGGLE_GATED, PRIVATE
from tests.fakes.kaggle import KaggleFake
from tests.support.hub_source import Hub, fetch, holds

# -- credentials ----------------------------------------------------------------------------------------


def test_a_gated_dataset_shows_itself_but_not_its_files(hub: Hub) -> None:
    credential = hub.as_(ada())
    assert hub.source.describe(hub.ref(hub.gated), None, credential).title == "Clinical notes, on terms"
    with pytest.raises(GatedDataset) as caught:
        hub.source.manifest(hub.ref(hub.gated), None, credential)
    assert hub.gated in (caught.value.link or "")
    assert caught.value.link is not None
    assert "on its page" in (caught.value.next_step or "") or "Open its page" in (
        caught.value.next_step or ""
    )


def test_who_accepted_the_terms_gets_the_files(hub: Hub) -> None:
    manifest = hub.source.manifest(hub.ref(hub.gated), None, hub.as_(grace()))
    assert all(holds(entry, fetch(entry)) for entry in manifest.files)


@pytest.mark.anyio
async def test_access_is_what_the_file_list_would_say(hub: Hub) -> None:
    """Of a gated dataset, a private one and one that is nobody's; within the source's pool."""
    settings = Settings(_env_file=None, describe_timeout_s=30, connect_timeout_s=20)
    catalog = Catalog({hub.name: hub.source}, settings)
    granted, stranger = hub.as_(grace()), hub.as_(ada())
    for dataset_id in (hub.public, hub.gated, PRIVATE):
        await catalog.check_access(hub.ref(dataset_id), None, granted)
    with pytest.raises(GatedDataset):
        await catalog.check_access(hub.ref(hub.gated), None, stranger)
    with pytest.raises(NotFound):
        await catalog.check_access(hub.ref(PRIVATE), None, stranger)
    # A dataset may have half a million files.
    assert not [request for request in hub.fake.log if "/tree/" in request.path]
    catalog.close()


def test_huggingface_says_gated_also_to_a_caller_without_a_token(huggingface: Hub) -> None:
    assert huggingface.source.describe(huggingface.ref(HF_GATED), None, huggingface.anonymous).gated
    with pytest.raises(GatedDataset, match="terms") as caught:
        huggingface.source.manifest(huggingface.ref(HF_GATED), None, huggingface.anonymous)
    assert caught.value.screen == "/settings/sources#huggingface"
    assert caught.value.setting == "HF_TOKEN"


def test_kaggles_rules_need_an_account_first(kaggle: Hub) -> None:
    with pytest.raises(SourceNotConfigured, match="not configured") as caught:
        kaggle.source.manifest(kaggle.ref(KAGGLE_GATED), None, kaggle.anonymous)
    assert "KAGGLE_USERNAME and KAGGLE_KEY" in (caught.value.setting or "")
    assert caught.value.screen == "/settings/sources#kaggle"
    assert "Accept them on its page" in (caught.value.next_step or "")
    assert KAGGLE_GATED in (caught.value.link or "")
    assert caught.value.status == 503


@pytest.mark.parametrize("dataset_id", [PRIVATE, "nobody/nothing"])
def test_kaggle_does_not_tell_the_missing_from_the_private(kaggle: Hub, dataset_id: str) -> None:
    """facts/wire.md, 2.1; Kaggle/kaggle-cli#564. A typo is no missing setting, and no unaccepted rule."""
    for credential, act in (
        (kaggle.anonymous, "add its key under Settings"),
        (kaggle.as_(ada()), "use the key of that one"),
    ):
        for ask in (kaggle.source.describe, kaggle.source.manifest, kaggle.source.readme):
            with pytest.raises(NotFound, match=f"{dataset_id} is missing or private") as caught:
                ask(kaggle.ref(dataset_id), None, credential)
            assert "Check the spelling: owner/slug" in (caught.value.next_step or "")
            assert act in (caught.value.next_step or "")
            shown = f"{caught.value} {caught.value.next_step}"
            assert "not configured" not in shown
            assert "rules" not in shown


def test_a_private_dataset_is_its_owners(hub: Hub) -> None:
    owner, stranger = hub.as_(grace()), hub.as_(ada())
    assert hub.source.describe(hub.ref(PRIVATE), None, owner).private
    assert all(holds(e, fetch(e)) for e in hub.source.manifest(hub.ref(PRIVATE), None, owner).files)
    with pytest.raises(NotFound):
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
        assert caught.value.screen == f"/settings/sources#{hub.name}"
        assert ("ask an admin" in shown) == (origin == "server")
        assert (caught.value.setting is None) == (origin == "user")
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
        assert all(name in (caught.value.setting or "") for name in settings)
        assert not any(name in (caught.value.next_step or "") for name in settings)
        assert caught.value.screen == f"/settings/sources#{hub.name}"


def test_probe_tells_whose_a_credential_is(hub: Hub) -> None:
    assert hub.source.probe(hub.as_(ada())) == "ada"
    assert hub.source.probe(hub.anonymous) is None
    with pytest.raises(CredentialRejected):
        hub.source.probe(Credential(hub.name, "user", secret="hf_wrong"))


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_token_that_kaggle_does_not_know_is_wrong_or_expired(kaggle: Hub, status: int) -> None:
    """facts/wire.md, 2.4: what the official client takes for an invalid token."""
    assert isinstance(kaggle.fake, KaggleFake)
    kaggle.fake.wrong_token_status = status
    with pytest.raises(CredentialRejected, match="token: it is wrong, or it has expired"):
        kaggle.source.probe(Credential("kaggle", "user", secret="KGAT_wrong"))
    # A hub that fails, or a page of somebody else's, says nothing of the token.
    kaggle.fake.fault("refused", path="IntrospectToken", status=status, shape="html", times=1)
    with pytest.raises(SourceProtocolError):
        kaggle.source.probe(kaggle.as_(ada()))
    kaggle.fake.fault("refused", path="IntrospectToken", status=503, shape="empty")
    with pytest.raises(SourceUnreachable):
        kaggle.source.probe(kaggle.as_(ada()))


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


def test_kaggles_rules_are_shown_on_a_card_once_kaggle_has_asked_for_them(kaggle: Hub) -> None:
    """Its lists say nothing of rules (facts/wire.md, 2); HuggingFace's say ``gated``."""

    def gated() -> bool:
        return next(hit.gated for hit in kaggle.search("clinical notes") if hit.id == KAGGLE_GATED)

    assert not gated()
    with pytest.raises(GatedDataset):
        kaggle.source.manifest(kaggle.ref(KAGGLE_GATED), None, kaggle.as_(ada()))
    assert gated()
