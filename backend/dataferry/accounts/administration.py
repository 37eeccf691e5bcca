"""What this machine's operator does with accounts, from the command line."""

from collections.abc import Callable

from sqlalchemy.exc import IntegrityError

from dataferry.accounts import rows
from dataferry.accounts.models import User
from dataferry.accounts.rules import check_email, check_password, normal_email
from dataferry.accounts.security import Passwords
from dataferry.accounts.views import UserView
from dataferry.core.db import Database
from dataferry.core.errors import Conflict, NotFound

#: Whether an account may be added; told whether it is the first. It raises where it may not.
Admit = Callable[[bool], None]


class Administration:
    """Lists, makes and closes accounts. ``announce`` tells that sessions have ended."""

    def __init__(self, database: Database, passwords: Passwords, announce: Callable[[], None]) -> None:
        self._database = database
        self._passwords = passwords
        self._announce = announce

    async def list_users(self) -> list[UserView]:
        """Every account but the operator's, oldest first."""
        return [user_view(user) for user in await self._database.run_read(rows.all_users)]

    async def create_user(self, email: str, password: str, *, admin: bool = False) -> UserView:
        """An account made by the operator; the first one is admin. Errors: ``InvalidInput``, ``Conflict``."""
        email = check_email(email)
        check_password(password, email)
        return await self.add(email, password, admin=admin)

    async def add(
        self, email: str, password: str, *, admin: bool = False, admit: Admit | None = None
    ) -> UserView:
        """An account with an address and a password that are checked already. Errors: ``Conflict``, and what
        ``admit`` raises."""
        password_hash = await self._passwords.run(self._passwords.hash, password)
        try:
            user = await self._database.run(rows.add_user, email, password_hash, admin=admin, admit=admit)
        except IntegrityError:
            raise Conflict("There is an account with that e-mail address.", next_step="Sign in.") from None
        return user_view(user)

    async def reset_password(self, email: str, password: str) -> None:
        """Set a password and end every session. Errors: ``InvalidInput``, ``NotFound``."""
        user = await self._existing(email)
        check_password(password, user.email)
        password_hash = await self._passwords.run(self._passwords.hash, password)
        await self._database.run(rows.set_password, user.id, password_hash)
        self._announce()

    async def disable(self, email: str, *, disabled: bool = True) -> None:
        """Keep an account out, or let it in again. Errors: ``NotFound``, ``Conflict`` for the last admin."""
        user = await self._existing(email)
        await self._database.run(rows.set_disabled, user.id, disabled)
        self._announce()

    async def _existing(self, email: str) -> User:
        user = await self._database.run_read(rows.by_email, normal_email(email))
        if user is None or user.operator:
            raise no_account(email)
        return user


def no_account(email: str) -> NotFound:
    return NotFound(f"There is no account {email}.", next_step="See `dataferry users list`.")


def user_view(user: User) -> UserView:
    return UserView(
        id=user.id, email=user.email, admin=user.admin, disabled=user.disabled, created_at=user.created_at
    )
