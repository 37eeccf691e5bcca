"""The tools act by the consent that their caller gives them, whoever that caller is."""

from collections.abc import Sequence
from typing import Any

import pytest

from dataferry.core.job_types import JobView
from dataferry.core.settings import Settings
from dataferry.core.types import DatasetRef
from dataferry.tools.events import ToolDone
from dataferry.tools.prompts import Prompts
from dataferry.tools.toolbox import Call, Toolbox
from tests.support.chat import ANNA, PIMA, MemoryLibrary

pytestmark = pytest.mark.anyio


class FixedConsent:
    """Consent to act on these refs, as a caller without a conversation may give it."""

    def __init__(self, *refs: DatasetRef) -> None:
        self.refs = refs

    def refs_to_download(self) -> list[str]:
        return [str(ref) for ref in self.refs]

    def refs_to_cancel(self, active: Sequence[JobView]) -> list[str]:
        return [job.ref for job in active if job.ref in self.refs_to_download()]

    def allows_any_size(self, ref: str) -> bool:
        return False

    def knows(self, ref: DatasetRef) -> bool:
        return True

    def is_model(self, ref: DatasetRef) -> bool:
        return False

    def wrote(self, word: str) -> bool:
        return True

    def written_refs(self) -> tuple[DatasetRef, ...]:
        return self.refs


async def output(library: MemoryLibrary, consent: FixedConsent, name: str, ref: str) -> dict[str, Any]:
    box = Toolbox(ANNA, consent, library, library.jobs, Settings(_env_file=None), Prompts())
    ended = await box.run(Call("call_1", name, {"ref": ref}))
    assert isinstance(ended, ToolDone), ended
    return ended.output.model_dump(mode="json")


async def test_nothing_starts_or_ends_without_consent() -> None:
    library = MemoryLibrary()
    started = await output(library, FixedConsent(), "start_download", PIMA.ref)
    assert (started["ticket"], library.requested) == (None, [])
    library.jobs.add(ANNA, PIMA.ref, PIMA.title, "running")
    cancelled = await output(library, FixedConsent(), "cancel_download", PIMA.ref)
    assert cancelled["reason"] is not None
    assert library.jobs.of(ANNA)[0].state == "running"


async def test_consent_is_for_the_very_dataset() -> None:
    library = MemoryLibrary()
    consent = FixedConsent(DatasetRef.parse(PIMA.ref))
    assert (await output(library, consent, "start_download", "builtin:iris"))["ticket"] is None
    assert (await output(library, consent, "start_download", PIMA.ref))["ticket"] is not None
    [job] = (await output(library, consent, "cancel_download", PIMA.ref))["jobs"]
    assert job["state"] == "cancelled"


async def test_a_url_is_fetched_as_the_person_wrote_it() -> None:
    written = DatasetRef.make("url", "https://files.test/a.csv?token=TOPSECRET")
    library = MemoryLibrary()
    await output(library, FixedConsent(written), "start_download", str(written))
    assert "TOPSECRET" not in str(written)
    [(_user, requested)] = library.requested
    assert requested.url == "https://files.test/a.csv?token=TOPSECRET"
