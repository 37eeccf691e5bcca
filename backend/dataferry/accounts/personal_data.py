"""What is kept of a person's account. Its own row goes last (``erasure_rows``)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlmodel import Session

from dataferry.accounts.models import (
    KeptAnswer,
    KnownPlace,
    PersonalToken,
    RefreshToken,
    StoredCredential,
    User,
)
from dataferry.core.db import Database
from dataferry.core.personal_data import Exported, Holding, Person, PersonalData, Rows, of_rows

_SECRET = ("hash", "secret", "request", "holder", "answer")


def accounts_data(database: Database) -> PersonalData:
    """Sessions, tokens, hub keys and known places. An export has them without the secrets."""
    rows = of_rows(
        database,
        "account",
        Rows(RefreshToken.user_id, "sessions", _SECRET),  # type: ignore[arg-type]
        Rows(PersonalToken.user_id, "personal tokens", _SECRET),  # type: ignore[arg-type]
        Rows(StoredCredential.user_id, "hub keys", _SECRET),  # type: ignore[arg-type]
        Rows(KnownPlace.user_id, "places signed in from", _SECRET),  # type: ignore[arg-type]
        Rows(KeptAnswer.user_id, "answers kept for repeated requests", _SECRET),  # type: ignore[arg-type]
    )

    def export(person: Person) -> Iterator[Exported]:
        user = database.read(lambda session: session.get_one(User, person.id))
        said = {"email": user.email, "admin": user.admin, "created_at": user.created_at}
        yield Exported("account/account.json", said)
        yield from rows.export(person)

    def holdings(session: Session, person: Person) -> Sequence[Holding]:
        return [Holding("account", 1), *rows.holdings(session, person)]

    return replace(rows, export=export, holdings=holdings)
