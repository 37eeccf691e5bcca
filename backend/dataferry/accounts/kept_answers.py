"""What was answered to a person's request with an ``Idempotency-Key``, so that a repeat gets it again.

One row a person and key tells every process of it. A request that is at work holds its row for
``HOLD_S`` seconds, and holds it again while it goes on, so that one whose process has died does not keep
its repeats out.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session, col, update

from dataferry.accounts.models import KeptAnswer
from dataferry.accounts.security import Secrets
from dataferry.core.db import Database, new_id, now
from dataferry.core.errors import DatabaseAway, KeyUsed, StillAnswering
from dataferry.core.inserts import insert_missing

#: How long an answer is kept.
LIFETIME = timedelta(hours=24)
HOLD_S = 30.0
_RENEWALS_IN_A_HOLD = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What was sent: ``body`` as text, ``headers`` without those that each answer gets anew."""

    status: int
    headers: dict[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to answer the first request with a key."""

    user_id: str
    key: str
    holder: str


class KeptAnswers:
    """Answers by person and key, sealed: they may hold what is shown once."""

    def __init__(self, database: Database, secrets: Secrets, *, hold_s: float = HOLD_S) -> None:
        self._database = database
        self._secrets = secrets
        self._hold_s = hold_s

    async def claim(self, user_id: str, key: str, request: str) -> Claim | Answer:
        """The right to answer, or the answer that was given already. ``request``: a digest of what is asked.

        Errors: ``KeyUsed`` where the key was another request's, ``StillAnswering`` while the first one is
        at work.
        """
        claim = Claim(user_id, key, new_id("turn"))
        return await self._database.run(self._take, claim, request)

    @asynccontextmanager
    async def held(self, claim: Claim) -> AsyncIterator[None]:
        """While the body runs the key stays taken; where it raises the key is free again."""
        renewing = asyncio.create_task(self._renew(claim))
        try:
            yield
        except BaseException:
            await self.release(claim)
            raise
        finally:
            renewing.cancel()

    async def keep(self, claim: Claim, answer: Answer) -> None:
        """Repeats get this answer from now on."""
        text = json.dumps([answer.headers, answer.body])
        values = {"status": answer.status, "answer": self._secrets.encrypt(text)}
        await self._database.run(_update, claim, values)

    async def release(self, claim: Claim) -> None:
        """Nothing was made: the key may be used again."""
        await self._database.run(_release, claim)

    def _take(self, session: Session, claim: Claim, request: str) -> Claim | Answer:
        session.exec(delete(KeptAnswer).where(col(KeptAnswer.created_at) < now() - LIFETIME))
        first = KeptAnswer(
            user_id=claim.user_id,
            key=claim.key,
            request=request,
            holder=claim.holder,
            held_until=self._hold_end(),
        )
        if insert_missing(session, first):
            return claim
        row = session.get_one(KeptAnswer, (claim.user_id, claim.key), with_for_update=True)
        if row.request != request:
            raise KeyUsed("The Idempotency-Key was used for another request in the last 24 hours.")
        if row.status is not None and row.answer is not None:
            headers, body = json.loads(self._secrets.decrypt(row.answer))
            return Answer(row.status, headers, body)
        if row.held_until > now():
            raise StillAnswering("The first request with this Idempotency-Key is still at work.")
        row.holder, row.held_until = claim.holder, self._hold_end()
        session.add(row)
        return claim

    async def _renew(self, claim: Claim) -> None:
        while True:
            await asyncio.sleep(self._hold_s / _RENEWALS_IN_A_HOLD)
            with suppress(DatabaseAway):  # there are other chances before the hold ends
                await self._database.run(_update, claim, {"held_until": self._hold_end()})

    def _hold_end(self) -> datetime:
        return now() + timedelta(seconds=self._hold_s)


def _update(session: Session, claim: Claim, values: dict[str, object]) -> None:
    session.exec(
        update(KeptAnswer)
        .where(
            col(KeptAnswer.user_id) == claim.user_id,
            col(KeptAnswer.key) == claim.key,
            col(KeptAnswer.holder) == claim.holder,
        )
        .values(**values)
    )


def _release(session: Session, claim: Claim) -> None:
    row = session.get(KeptAnswer, (claim.user_id, claim.key))
    if row is not None and row.holder == claim.holder:
        session.delete(row)
