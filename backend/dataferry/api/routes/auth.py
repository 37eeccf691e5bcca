"""Accounts: register, sign in, stay signed in, sign out.

Where the refresh token travels is the client's choice, made when it signs in:

- a browser (the default) gets it in an HttpOnly cookie that no script can read, and keeps the access
  token in memory; a second cookie outlives the session and tells the browser from a stranger's, so that the
  wrong passwords of others do not keep its owner out;
- a client without cookies asks with the form field ``client=cli``, gets ``refresh_token`` in the
  answer, and sends it in the body of refresh and logout.
"""

import secrets
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Cookie, Depends, Form, Request, Response
from fastapi.security import OAuth2PasswordRequestForm
from pydantic import AwareDatetime, BaseModel, Field, SecretStr

from dataferry.accounts.personal_tokens import MAX_NAME_CHARS
from dataferry.accounts.views import (
    NewPersonalToken,
    PersonalTokenView,
    TokenPair,
    TokenScope,
    UserView,
)
from dataferry.api.deps import (
    AccessToken,
    RequestBody,
    Services,
    Signed,
    TokenFirst,
    Wired,
    address_of,
    current_user,
)
from dataferry.api.idempotency import ONCE
from dataferry.core.db import now
from dataferry.core.errors import NotSignedIn

router = APIRouter(prefix="/api/auth", tags=["accounts"], route_class=TokenFirst)

_COOKIE = "dataferry_refresh"
_DEVICE_COOKIE = "dataferry_device"
_DEVICE_COOKIE_S = 180 * 86400
_COOKIE_PATH = "/api/auth"

Me = Annotated[UserView, Depends(current_user)]
RefreshCookie = Annotated[str | None, Cookie(alias=_COOKIE)]
DeviceCookie = Annotated[str | None, Cookie(alias=_DEVICE_COOKIE)]


class RegisterRequest(RequestBody):
    """``setup_token`` was printed at start; the first account needs it where the server can be reached
    from elsewhere."""

    email: str = Field(max_length=320)
    password: SecretStr = Field(description="8 to 1024 characters")
    setup_token: SecretStr | None = None


class PasswordRequest(RequestBody):
    """A new password in place of the current one."""

    current_password: SecretStr
    new_password: SecretStr = Field(description="8 to 1024 characters")


class RefreshRequest(RequestBody):
    """For clients without cookies."""

    refresh_token: SecretStr | None = None


def _in_90_days() -> datetime:
    return now() + timedelta(days=90)


class PersonalTokenRequest(RequestBody):
    """``expires_at`` is in 90 days where it is left out; null for a token without an end."""

    name: str = Field(max_length=MAX_NAME_CHARS, description="What uses it")
    scope: TokenScope = Field("read", description="Each may what those before it may")
    expires_at: AwareDatetime | None = Field(
        default_factory=_in_90_days, description="In 90 days by default; null for no end"
    )


class TokenAnswer(BaseModel):
    """``expires_in`` seconds. ``refresh_token`` is there only for clients without cookies."""

    access_token: str = Field(repr=False)
    token_type: Literal["bearer"] = "bearer"  # noqa: S105
    expires_in: int
    user: UserView
    refresh_token: str | None = Field(None, repr=False)


class TicketAnswer(BaseModel):
    """What opens one WebSocket."""

    ticket: str = Field(repr=False)


@router.post("/register", status_code=HTTPStatus.CREATED)
async def register(body: RegisterRequest, request: Request, wired: Wired) -> UserView:
    """Make an account. The first one is admin."""
    return await wired.accounts.register(
        body.email,
        body.password.get_secret_value(),
        address=address_of(request),
        setup_token=_revealed(body.setup_token),
    )


@router.post("/token", response_model_exclude_none=True)
async def sign_in(
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    request: Request,
    response: Response,
    wired: Wired,
    client: Annotated[Literal["browser", "cli"], Form()] = "browser",
    cookie: RefreshCookie = None,
    device: DeviceCookie = None,
) -> TokenAnswer:
    """Sign in: the OAuth2 password form, with the e-mail address as `username`.

    With `client=cli` the refresh token is in the answer, otherwise in a cookie.
    """
    in_cookie = client == "browser"
    if in_cookie:
        device = device or secrets.token_urlsafe(24)
    pair = await wired.accounts.login(
        form.username, form.password, address=address_of(request), device=device
    )
    if in_cookie:
        assert device is not None
        _set_cookie(response, request, _DEVICE_COOKIE, device, _DEVICE_COOKIE_S)
    if in_cookie and cookie is not None:  # the browser forgets it now, so nobody could end it later
        await wired.accounts.logout(cookie)
    return _answer(pair, request, response, wired, in_cookie=in_cookie)


@router.post("/refresh", response_model_exclude_none=True)
async def refresh_session(
    request: Request,
    response: Response,
    wired: Wired,
    body: RefreshRequest | None = None,
    cookie: RefreshCookie = None,
) -> TokenAnswer:
    """The next pair of tokens, for the refresh token in the body or else in the cookie."""
    given = _revealed(body.refresh_token) if body else None
    if given is None and cookie is None:
        raise NotSignedIn("There is no session.", next_step="Sign in.")
    pair = await wired.accounts.refresh(given or cookie or "")
    return _answer(pair, request, response, wired, in_cookie=given is None)


@router.post("/logout", status_code=HTTPStatus.NO_CONTENT)
async def sign_out(
    response: Response,
    wired: Wired,
    body: RefreshRequest | None = None,
    cookie: RefreshCookie = None,
) -> None:
    """End the session of the refresh token in the body or else in the cookie, at once."""
    given = _revealed(body.refresh_token) if body else None
    if given or cookie:
        await wired.accounts.logout(given or cookie or "")
    response.delete_cookie(_COOKIE, path=_COOKIE_PATH, httponly=True, samesite="strict")


@router.post("/password", status_code=HTTPStatus.NO_CONTENT)
async def change_password(body: PasswordRequest, session: AccessToken, wired: Wired) -> None:
    """Change the password. Every other session of the account ends."""
    await wired.accounts.change_password(
        session, body.current_password.get_secret_value(), body.new_password.get_secret_value()
    )


@router.get("/me")
async def get_me(me: Me) -> UserView:
    """Who I am."""
    return me


@router.post("/ws-ticket")
async def create_socket_ticket(session: AccessToken, wired: Wired) -> TicketAnswer:
    """A ticket that opens one WebSocket within 30 seconds. It ends with the session, as the socket does."""
    return TicketAnswer(ticket=await wired.accounts.issue_ws_ticket(session))


@router.get("/tokens")
async def list_tokens(me: Me, wired: Wired) -> list[PersonalTokenView]:
    """Your personal tokens that are not revoked, newest first."""
    return await wired.accounts.tokens.list(me.id)


@router.post("/tokens", status_code=HTTPStatus.CREATED, dependencies=[ONCE])
async def create_token(body: PersonalTokenRequest, signed_in: Signed, wired: Wired) -> NewPersonalToken:
    """Make a personal token for a script, to be sent as `Authorization: Bearer`. It is shown this once."""
    return await wired.accounts.tokens.create(signed_in, body.name, body.scope, body.expires_at)


@router.delete("/tokens/{token_id}", status_code=HTTPStatus.NO_CONTENT)
async def revoke_token(token_id: str, me: Me, wired: Wired) -> None:
    """End a personal token of yours at once, with the sockets it has open and the tokens made with it."""
    await wired.accounts.tokens.revoke(me.id, token_id)


def _set_cookie(response: Response, request: Request, name: str, value: str, lifetime_s: int) -> None:
    """A cookie that no script reads, sent to these routes alone."""
    response.set_cookie(
        name,
        value,
        max_age=lifetime_s,
        path=_COOKIE_PATH,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


def _revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None


def _answer(
    pair: TokenPair, request: Request, response: Response, wired: Services, *, in_cookie: bool
) -> TokenAnswer:
    if in_cookie:
        _set_cookie(response, request, _COOKIE, pair.refresh_token, wired.settings.refresh_token_s)
    return TokenAnswer(
        access_token=pair.access_token,
        expires_in=pair.expires_in,
        user=pair.user,
        refresh_token=None if in_cookie else pair.refresh_token,
    )
