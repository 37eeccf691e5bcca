"""The tools in the official SDK's server. Importing this imports the SDK: about a second of a core."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from mcp import types
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from mcp.types.version import MODERN_PROTOCOL_VERSIONS

from dataferry import __version__
from dataferry.accounts.views import SignedIn
from dataferry.mcp.calls import Answer, ToolCalls
from dataferry.mcp.consent import Question
from dataferry.mcp.inputs import FACTS, TOOLS
from dataferry.tools.inputs import tool_schema

#: A question that a person has not answered by then counts as not agreed to.
_ANSWER_S = 600.0
#: Clients that heed it wait on while they are told that something goes on.
_HEARTBEAT_S = 10.0
_BODY_BYTES = 1024 * 1024
_FORM: dict[str, Any] = {
    "type": "object",
    "properties": {"confirm": {"type": "boolean", "title": "Yes, do it", "default": False}},
    "required": ["confirm"],
}

Context = ServerRequestContext[Any, Any]


class _InputNeeded(Exception):
    """The client is to ask the person, and to call again with the answer."""

    def __init__(self, question: Question, words: str) -> None:
        super().__init__(question.key)
        self.question, self.words = question, words


def session_manager(calls: ToolCalls, key: bytes, max_sessions: int) -> StreamableHTTPSessionManager:
    """The ASGI side of the server. ``key``: what the state of a question is sealed with."""

    async def list_tools(
        context: Context, _params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        signed_in = _signed_in(context)
        return types.ListToolsResult(
            tools=[_tool(calls, name) for name in TOOLS if signed_in.may(FACTS[name].scope)]
        )

    async def call_tool(
        context: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        return await _call(calls, context, params)

    server: Server[Any] = Server(
        "dataferry",
        version=__version__,
        title="Dataferry",
        instructions=calls.prompts.text("instructions"),
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )
    security = RequestStateSecurity(keys=[key], bind_principal=lambda context: _signed_in(context).user.id)
    server.middleware.append(RequestStateBoundary(security, default_audience="dataferry"))
    return StreamableHTTPSessionManager(server, max_sessions=max_sessions, max_request_body_size=_BODY_BYTES)


def session_owner(signed_in: SignedIn) -> AuthenticatedUser:
    """What the manager knows the owner of a session by: nobody else may use it."""
    return AuthenticatedUser(AccessToken(token="", client_id=signed_in.user.id, scopes=[]))


def _tool(calls: ToolCalls, name: str) -> types.Tool:
    facts = FACTS[name]
    return types.Tool(
        name=name,
        title=facts.title,
        description=calls.prompts.tool(name).description,
        input_schema=tool_schema(name, calls.prompts, TOOLS),
        annotations=types.ToolAnnotations(
            title=facts.title,
            read_only_hint=facts.read_only,
            destructive_hint=facts.destructive,
            idempotent_hint=True,
            open_world_hint=facts.asks_hubs,
        ),
    )


def _signed_in(context: Context) -> SignedIn:
    assert context.request is not None
    return cast(SignedIn, context.request.state.signed_in)


async def _call(
    calls: ToolCalls, context: Context, params: types.CallToolRequestParams
) -> types.CallToolResult | types.InputRequiredResult:
    agreed = set(json.loads(params.request_state)) if params.request_state else set()

    async def ask(question: Question, words: str) -> bool | None:
        if not _can_ask(context):
            return None
        if context.protocol_version not in MODERN_PROTOCOL_VERSIONS:
            return await _elicit(context, words)
        response = (params.input_responses or {}).get(question.key)
        if not isinstance(response, types.ElicitResult):
            raise _InputNeeded(question, words)
        return _is_yes(response)

    try:
        async with _heartbeat(context):
            answer = await calls.call(
                _signed_in(context),
                params.name,
                params.arguments or {},
                agreed=agreed,
                ask=ask,
                report=context.session.report_progress,
            )
    except _InputNeeded as needed:
        form = types.ElicitRequestFormParams(message=needed.words, requested_schema=_FORM)
        return types.InputRequiredResult(
            input_requests={needed.question.key: types.ElicitRequest(params=form)},
            request_state=json.dumps(sorted(agreed)),
        )
    return _result(answer)


def _result(answer: Answer) -> types.CallToolResult:
    # No structured content in an error: clients check it against what a success would be.
    return types.CallToolResult(
        content=[types.TextContent(text=answer.text)],
        structured_content=answer.structured,
        is_error=answer.error,
    )


def _can_ask(context: Context) -> bool:
    capabilities = context.session.client_capabilities
    offered = capabilities.elicitation if capabilities is not None else None
    # Before there were modes, a form was the only one.
    return offered is not None and (offered.form is not None or offered.url is None)


async def _elicit(context: Context, words: str) -> bool | None:
    try:
        async with asyncio.timeout(_ANSWER_S):
            response = await context.session.elicit_form(words, _FORM, related_request_id=context.request_id)
    except TimeoutError:
        return False
    except MCPError:
        return None  # some clients say that they can ask, and cannot
    return _is_yes(response)


def _is_yes(response: types.ElicitResult) -> bool:
    return response.action == "accept" and (response.content or {}).get("confirm") is True


@asynccontextmanager
async def _heartbeat(context: Context) -> AsyncIterator[None]:
    if context.params and context.params.get("name") == "follow_download":
        yield  # which reports by itself
        return

    async def beat() -> None:
        passed = 0.0
        while True:
            await asyncio.sleep(_HEARTBEAT_S)
            passed += _HEARTBEAT_S
            await context.session.report_progress(passed)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
