"""A person's data as a whole: what is kept, taken along, and erased."""

import hmac
from collections.abc import Iterator

from sqlmodel import Session

from dataferry.accounts import erasure_rows, rows
from dataferry.accounts.models import Erasure, User
from dataferry.accounts.rules import normal_email
from dataferry.accounts.security import Secrets
from dataferry.accounts.service import Accounts
from dataferry.core.db import Database
from dataferry.core.errors import Forbidden, InvalidInput, NotFound
from dataferry.core.personal_data import Exported, Person, PersonalDataRegister
from dataferry.core.types import Viewer
from dataferry.jobs.service import Jobs
from dataferry.library.exported_zip import zip_of
from dataferry.privacy.erasing import ErasureHandler
from dataferry.privacy.views import ErasureView, HoldingView, PersonalDataView

_README = """Everything that this Dataferry server keeps of you.

account/    your account, sessions, tokens and hub keys (without the secrets themselves)
chats/      your chats, a folder each
datasets/   what is known of each dataset that you have or looked at, and the files of your private ones
jobs/       what you asked for, and what became of it
library/    pins, shares, and your history of downloads
uploads/    your images as you gave them, consents, and what was done with them
"""


class Privacy:
    """Exports and erases."""

    def __init__(
        self,
        database: Database,
        secrets: Secrets,
        accounts: Accounts,
        jobs: Jobs,
        register: PersonalDataRegister,
        handler: ErasureHandler,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._jobs = jobs
        self._handler = handler
        self._key = secrets.subkey("erased-account")
        #: What each part keeps of a person.
        self.register = register

    async def overview(self, viewer: Viewer) -> PersonalDataView:
        """What is kept of the viewer, counted."""

        def read(session: Session) -> PersonalDataView:
            person = _person(session, viewer.user_id)
            found = tuple(
                HoldingView(
                    part=part.part,
                    what=one.what,
                    count=one.count,
                    size_bytes=one.size_bytes,
                    stays=one.stays,
                )
                for part in self.register.parts
                for one in part.holdings(session, person)
                if one.count
            )
            return PersonalDataView(holdings=found, last_admin=rows.is_last_admin(session, person.id))

        return await self._database.run_read(read)

    def export(self, viewer: Viewer) -> Iterator[bytes]:
        """A zip of all that is the viewer's, made while it is sent. Blocks. Errors: ``SealBroken``."""
        person = self._database.read(_person, viewer.user_id)
        return zip_of(self._exported(person))

    def _exported(self, person: Person) -> Iterator[Exported]:
        yield Exported("README.txt", iter([_README.encode()]))
        for part in self.register.parts:
            yield from part.export(person)

    async def erase_own(self, access_token: str, email: str, password: str) -> ErasureView:
        """Lock the account of whoever asks, and begin to erase it.

        ``email``: as they typed it, to show that it is meant. Errors: ``Forbidden`` for a wrong password;
        ``InvalidInput`` for another address; ``Conflict`` for the last admin.
        """
        user = await self._accounts.confirm(access_token, password)
        if normal_email(email) != user.email:
            raise InvalidInput(
                "That is not the e-mail address of your account.", next_step="Type it as it is shown."
            )
        return await self._begin(user.id, user.email)

    async def erase_other(self, access_token: str, email: str, password: str | None) -> ErasureView:
        """The same for the account of somebody else, by an admin. ``password``: the admin's own; this
        machine's operator needs none. Errors: ``NotFound``; as ``erase_own``."""
        admin = await self._accounts.confirm(access_token, password)
        if not admin.admin:
            raise Forbidden(
                "Only an admin may erase the account of somebody else.", next_step="Ask an admin."
            )
        (user_id,) = await self._accounts.people([email])
        return await self._begin(user_id, normal_email(email))

    async def _begin(self, user_id: str, email: str) -> ErasureView:
        def write(session: Session) -> tuple[ErasureView, str]:
            rows.check_other_admins(session, user_id)
            erasure = erasure_rows.begin(session, user_id, self.fingerprint(email))
            session.get_one(User, user_id).disabled = True
            rows.end_sessions(session, user_id)
            return _view(erasure), self._handler.submit(session, erasure.id)

        view, job_id = await self._database.run(write)
        self._accounts.announce()
        self._jobs.wake(job_id)
        return view

    async def erasure(self, erasure_id: str) -> ErasureView:
        """How far an erasure is, for whoever knows its id. Errors: ``NotFound``."""
        found = await self._database.run_read(lambda session: session.get(Erasure, erasure_id))
        if found is None:
            raise NotFound("There is no such erasure.", next_step="Its id was in the answer that began it.")
        return _view(found)

    def fingerprint(self, email: str) -> str:
        """What is kept of an address to show that its account was erased: nobody without the key can tell
        which address it is of."""
        return hmac.digest(self._key, normal_email(email).encode(), "sha256").hex()


def _person(session: Session, user_id: str) -> Person:
    user = session.get_one(User, user_id)
    return Person(user.id, user.email)


def _view(erasure: Erasure) -> ErasureView:
    return ErasureView(id=erasure.id, requested_at=erasure.requested_at, finished_at=erasure.finished_at)
