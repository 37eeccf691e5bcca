"""One call of a tool by an assistant, with what it has to ask the person. Nothing here knows the protocol."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import ValidationError

from dataferry.accounts.views import SignedIn
from dataferry.core.errors import DataferryError
from dataferry.core.settings import Settings
from dataferry.core.types import View, Viewer
from dataferry.jobs.service import Jobs
from dataferry.mcp.consent import ClientConsent, Question
from dataferry.mcp.following import ReportProgress, StartedDownloads, follow
from dataferry.mcp.inputs import FACTS, FOLLOW, TOOLS, FollowInput
from dataferry.mcp.marking import marked
from dataferry.tools import results
from dataferry.tools.events import ToolDone, ToolOutcome
from dataferry.tools.formatting import format_size
from dataferry.tools.outputs import StartOutput
from dataferry.tools.prompts import Prompts
from dataferry.tools.services import LibraryService, LocalServices
from dataferry.tools.started_bytes import StartedBytes
from dataferry.tools.toolbox import Call, Toolbox

#: Seconds in which the downloads of one person count together for the limit above which they are asked.
_WINDOW_S = 3600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool answers: ``text`` for a model, and the same as JSON where it is no error."""

    text: str
    structured: dict[str, Any] | None = None
    error: bool = False


class Ask(Protocol):
    """Asks the person; None where their client cannot."""

    async def __call__(self, question: Question, words: str) -> bool | None: ...


class ToolCalls:
    """The tools, for the assistants of everybody who may use this server."""

    def __init__(
        self,
        library: LibraryService,
        jobs: Jobs,
        settings: Settings,
        clock: Callable[[], float] = time.monotonic,
        local: LocalServices | None = None,
    ) -> None:
        self.prompts = Prompts(variant="mcp")
        self.started = StartedDownloads(jobs)
        self._library = library
        self._jobs = jobs
        self._settings = settings
        self._clock = clock
        self._local = local
        self._bytes: dict[str, StartedBytes] = {}

    async def call(
        self,
        signed_in: SignedIn,
        name: str,
        arguments: dict[str, Any],
        *,
        agreed: set[str],
        ask: Ask,
        report: ReportProgress,
    ) -> Answer:
        """Run a tool as the person who has signed in. ``agreed`` holds what they have said yes to, and gets
        what they say yes to now."""
        facts = FACTS.get(name)
        if facts is None:
            return self._failed(f"There is no tool named {name[:80]!r}. The tools are: {', '.join(TOOLS)}.")
        if not signed_in.may(facts.scope):
            return self._failed(
                f"This needs a token of the scope {facts.scope}; yours has {signed_in.scope}."
                f" The person can make one of the scope {facts.scope} under Settings, Tokens."
            )
        if name == FOLLOW:
            return await self._follow(signed_in.viewer, arguments, report)
        while True:
            wanted = arguments.get("ref")
            consent = ClientConsent(
                wanted if isinstance(wanted, str) else None, agreed, self.started.refs(signed_in.viewer)
            )
            outcome = await self._run(signed_in.viewer, consent, name, arguments)
            question = consent.question
            if question is None:
                return self._answer(outcome)
            yes = await ask(question, self._words(question, outcome))
            if not yes:
                return self._refused(question, asked=yes is not None)
            agreed.add(question.key)

    async def _run(
        self, viewer: Viewer, consent: ClientConsent, name: str, arguments: dict[str, Any]
    ) -> ToolOutcome:
        started = self._bytes.setdefault(viewer.user_id, StartedBytes(_WINDOW_S, self._clock))
        box = Toolbox(
            viewer,
            consent,
            self._library,
            self._jobs,
            self._settings,
            self.prompts,
            started,
            local=self._local,
        )
        outcome = await box.run(Call("call", name, arguments))
        match outcome:
            case ToolDone(output=StartOutput(card=card, ticket=ticket)) if ticket is not None:
                self.started.add(viewer, card.ref, ticket.job_id)
        return outcome

    async def _follow(self, viewer: Viewer, arguments: dict[str, Any], report: ReportProgress) -> Answer:
        try:
            wanted = FollowInput.model_validate(arguments)
            output = await follow(self._jobs, viewer, wanted.ref, wanted.seconds, report)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "input"
            return self._failed(f"The arguments cannot be used: {where}: {first['msg']}.")
        except DataferryError as error:
            return self._failed(" ".join(filter(None, (error.detail, error.next_step))))
        return self._done(output, results.output_text(self.prompts, output))

    def _answer(self, outcome: ToolOutcome) -> Answer:
        if isinstance(outcome, ToolDone):
            return self._done(outcome.output, outcome.model_text)
        return Answer(outcome.model_text, error=True)

    def _done(self, output: View, text: str) -> Answer:
        return Answer(text, marked(self.prompts, output))

    def _failed(self, sentences: str) -> Answer:
        return Answer(results.error_text(self.prompts, sentences), error=True)

    # -- asking the person --------------------------------------------------------------------

    def _words(self, question: Question, outcome: ToolOutcome) -> str:
        """The question as the person reads it, with what decides."""
        about = results.fenced(question.about, 400)
        match question.kind:
            case "size":
                return f"Download {about}{self._facts(outcome)}? {self._limit}"
            case "address":
                return f"Let the assistant have Dataferry fetch from this address: {about}?"
            case "revision":
                return f"Use the revision {about}? On HuggingFace anybody may propose one."
            case "cancel":
                return f"Cancel the download of {about}, which no assistant has started?"

    def _facts(self, outcome: ToolOutcome) -> str:
        match outcome:
            case ToolDone(output=StartOutput(card=card)):
                licence = results.fenced(card.licence.name, 80)
                return f" to Dataferry's machine ({format_size(card.size_bytes)}, licence: {licence})"
        return ""

    @property
    def _limit(self) -> str:
        limit = format_size(self._settings.agent_download_limit_bytes)
        return f"Assistants may start downloads of {limit} in an hour without asking."

    def _refused(self, question: Question, *, asked: bool) -> Answer:
        if asked:
            return Answer(self.prompts.text("results/not_agreed"), error=True)
        about = results.fenced(question.about, 400)
        why, act = {
            "size": (
                f"{about} is larger than what assistants may start without asking, or its size is not known.",
                f"press Download on Dataferry's page, or run `dataferry download {about}`.",
            ),
            "address": (
                f"{about} is an address that is no hub's.",
                f"paste it on Dataferry's page, or run `dataferry download {about}`.",
            ),
            "revision": (
                f"The revision {about} may be anybody's.",
                f"name it on Dataferry's page, or run `dataferry download … --revision {about}`.",
            ),
            "cancel": (
                f"No assistant has started the download of {about}.",
                "press Cancel on Dataferry's page, or run `dataferry jobs cancel`.",
            ),
        }[question.kind]
        return Answer(self.prompts.text("results/cannot_ask", why=why, act=act), error=True)
