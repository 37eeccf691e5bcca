"""Accounts: register, sign in, stay signed in, sign out.

A browser keeps the access token in memory and the refresh token in an HttpOnly cookie that no
script can read. A script that has no cookies asks with ``client=cli`` and gets the refresh token in
the answer.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Cookie, Depends, Form, Request, Response, status
from fastapi.security import OAuth2PasswordRequestForm
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from dataferry.accounts.views import TokenPair, UserView
from dataferry.api.deps import Services, current_user, services
from dataferry.core.errors import Forbidden, NotSignedIn

router = APIRouter(prefix="/api/auth", tags=["accounts"])

Wired = Annotated[Services, Depends(services)]
Me = Annotated[UserView, Depends(current_user)]
RefreshCookie = Annotated[str | None, Cookie(alias="dataferry_refresh")]

_COOKIE = "dataferry_refresh"
_COOKIE_PATH = "/api/auth"


class RegisterRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=320)
    password: SecretStr
    #: Printed at start; asked of the first account when the server can be reached from elsewhere.
    setup_token: SecretStr | None = None


class PasswordRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    current_password: SecretStr
    new_password: SecretStr


class RefreshRequest(BaseModel):
    """For clients without cookies."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: SecretStr | None = None


class TokenAnswer(BaseModel):
    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105
    expires_in: int
    user: UserView
    #: Only for clients without cookies.
    refresh_token: str | None = None


class TicketAnswer(BaseModel):
    ticket: str


@router.post("/register", status_code=status.HTTP_201_CREATED)
async def register(body: RegisterRequest, wired: Wired) -> UserView:
    """Make an account. The first one is admin."""
    token = body.setup_token.get_secret_value() if body.setup_token else None
    return await wired.accounts.register(body.email, body.password.get_secret_value(), setup_token=token)


@router.post("/token", response_model_exclude_none=True)
async def token(
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    request: Request,
    response: Response,
    wired: Wired,
    client: Annotated[Literal["browser", "cli"], Form()] = "browser",
) -> TokenAnswer:
    """Sign in: the OAuth2 password form, with the e-mail address as `username`."""
    address = request.client.host if request.client else ""
    pair = await wired.accounts.login(form.username, form.password, address=address)
    return _answer(pair, request, response, wired, in_cookie=client == "browser")


@router.post("/refresh", response_model_exclude_none=True)
async def refresh(
    request: Request,
    response: Response,
    wired: Wired,
    body: RefreshRequest | None = None,
    cookie: RefreshCookie = None,
) -> TokenAnswer:
    """The next pair of tokens, for the refresh token in the cookie or in the body."""
    given = body.refresh_token.get_secret_value() if body and body.refresh_token else None
    _same_origin(request)
    if given is None and cookie is None:
        raise NotSignedIn("There is no session.", next_step="Sign in.")
    pair = await wired.accounts.refresh(given or cookie or "")
    return _answer(pair, request, response, wired, in_cookie=given is None)


@router.post("/logout", status_code=status.HTTP_204_NO_CONTENT)
async def logout(
    request: Request,
    response: Response,
    wired: Wired,
    body: RefreshRequest | None = None,
    cookie: RefreshCookie = None,
) -> None:
    """End the session."""
    _same_origin(request)
    given = body.refresh_token.get_secret_value() if body and body.refresh_token else cookie
    if given is not None:
        await wired.accounts.logout(given)
    response.delete_cookie(_COOKIE, path=_COOKIE_PATH)


@router.post("/password", status_code=status.HTTP_204_NO_CONTENT)
async def password(body: PasswordRequest, me: Me, wired: Wired) -> None:
    """Change the password; every session ends."""
    await wired.accounts.change_password(
        me.id, body.current_password.get_secret_value(), body.new_password.get_secret_value()
    )


@router.get("/me")
async def me(me: Me) -> UserView:
    """Who I am."""
    return me


@router.post("/ws-ticket")
async def ws_ticket(me: Me, wired: Wired) -> TicketAnswer:
    """A ticket that opens one WebSocket within 30 seconds."""
    return TicketAnswer(ticket=wired.accounts.issue_ws_ticket(me.id))


def _same_origin(request: Request) -> None:
    """Routes that read the cookie answer only the page's own requests; SameSite=Strict says the
    same, and a browser that ignores one honours the other."""
    origin = request.headers.get("origin")
    if origin is not None and origin.partition("://")[2] != request.headers.get("host"):
        raise Forbidden("The request comes from another site.")


def _answer(
    pair: TokenPair, request: Request, response: Response, wired: Services, *, in_cookie: bool
) -> TokenAnswer:
    if in_cookie:
        response.set_cookie(
            _COOKIE,
            pair.refresh_token,
            max_age=wired.settings.refresh_token_s,
            path=_COOKIE_PATH,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
    response.headers["Cache-Control"] = "no-store"
    return TokenAnswer(
        access_token=pair.access_token,
        expires_in=pair.expires_in,
        user=pair.user,
        refresh_token=None if in_cookie else pair.refresh_token,
    )
