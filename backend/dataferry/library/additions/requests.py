"""The rows of additions, and the names of people's datasets. Functions take the session first."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path

from sqlalchemy import and_, or_
from sqlmodel import Session, col, delete, select

from dataferry.core.db import now
from dataferry.core.errors import Conflict, Forbidden, NotFound
from dataferry.core.inserts import insert_missing
from dataferry.core.job_types import ACTIVE_STATES
from dataferry.core.types import DatasetRef, Viewer
from dataferry.jobs.models import Job
from dataferry.library import rows
from dataferry.library.additions.models import Addition, DataOwner
from dataferry.library.additions.names import clean_title, numbered, slug
from dataferry.library.additions.views import NewAddition
from dataferry.library.models import Dataset
from dataferry.transfer.files.disk import disk_faults

#: Of a title of which nothing is left in an address.
_NAMELESS = "data"


def begun(session: Session, viewer: Viewer, wanted: NewAddition) -> Addition | None:
    """What is under way of the same name, or to the same dataset."""
    rows_of_it = select(Addition).where(Addition.user_id == viewer.user_id, Addition.mode == wanted.mode)
    if wanted.mode == "new":
        same = rows_of_it.where(Addition.title == clean_title(wanted.name))
    else:
        former = rows.downloaded(session, viewer, wanted.to or "")
        same = rows_of_it.where(Addition.source_id == former.source_id)
    return session.exec(same).first()


def go_on(session: Session, addition_id: str, wanted: NewAddition) -> Addition:
    """Take down what of it is said anew."""
    row = session.get_one(Addition, addition_id)
    row.file_count, row.size, row.touched_at = wanted.file_count, wanted.size, now()
    row.unpack = wanted.unpack
    session.add(row)
    return row


def new_row(session: Session, viewer: Viewer, wanted: NewAddition, addition_id: str, email: str) -> Addition:
    """Errors: ``Conflict`` for a name that is in use, ``Forbidden`` for another's dataset, ``NotFound``."""
    owner = _owner_name(session, viewer.user_id, email)
    fields = wanted.model_dump(
        include={"description", "license", "visibility", "unpack", "file_count", "size"}
    )
    if wanted.mode == "new":
        title = clean_title(wanted.name)
        source_id = _free_id(session, owner, title)
    else:
        former = rows.downloaded(session, viewer, wanted.to or "")
        if former.source != "upload" or former.source_id.partition("/")[0] != owner:
            raise Forbidden(
                "Only who has added a dataset adds files to it.",
                next_step="Add yours as a dataset of their own.",
            )
        title, source_id = former.title, former.source_id
        fields["description"] = wanted.description or former.description
        fields["license"] = wanted.license or former.license
        fields["visibility"] = former.visibility
        _check_not_under_way(session, source_id)
    return Addition(
        id=addition_id, user_id=viewer.user_id, source_id=source_id, title=title, mode=wanted.mode, **fields
    )


def _owner_name(session: Session, user_id: str, email: str) -> str:
    """The first part of the ids of a person's datasets: from their address, and theirs from then on."""
    base = slug(email.partition("@")[0], "someone")
    for n in count(1):
        known = session.exec(select(DataOwner.name).where(DataOwner.user_id == user_id)).first()
        if known is not None:
            return known
        insert_missing(session, DataOwner(name=numbered(base, n), user_id=user_id))
    raise AssertionError("there are names without end")


def _free_id(session: Session, owner: str, title: str) -> str:
    """Errors: ``Conflict`` where the owner has a dataset of that name."""
    base = slug(title, _NAMELESS)
    if base != _NAMELESS:
        source_id = f"{owner}/{base}"
        _check_not_under_way(session, source_id)
        if _is_used(session, source_id):
            raise Conflict(
                f"You have a dataset upload:{source_id} already.",
                next_step="Add the files to it, or choose another name.",
            )
        return source_id
    ids = (f"{owner}/{numbered(base, number)}" for number in count(1))
    return next(one for one in ids if not _is_used(session, one) and _under_way(session, one) is None)


def _is_used(session: Session, source_id: str) -> bool:
    return any(row.downloaded or row.status == "queued" for row in rows.find(session, _ref(source_id)))


def _ref(source_id: str) -> DatasetRef:
    return DatasetRef("upload", source_id)


def _under_way(session: Session, source_id: str) -> Addition | None:
    return session.exec(select(Addition).where(Addition.source_id == source_id)).first()


def _check_not_under_way(session: Session, source_id: str) -> None:
    if _under_way(session, source_id) is not None:
        raise Conflict(
            f"Files for upload:{source_id} are on their way already.",
            next_step="Go on with them, or remove what has arrived; or choose another name.",
        )


def own(session: Session, viewer: Viewer, addition_id: str) -> Addition:
    """The viewer's own. Another's is not there, for admins too. Errors: ``NotFound``."""
    row = session.get(Addition, addition_id)
    if row is None or row.user_id != viewer.user_id:
        raise NotFound("There is no such addition.", next_step="Add the folder again.")
    return row


def of_user(session: Session, user_id: str) -> list[Addition]:
    query = select(Addition).where(Addition.user_id == user_id)
    return list(session.exec(query.order_by(col(Addition.created_at).desc())))


def unfinished(session: Session) -> list[Addition]:
    """Everybody's that are still arriving."""
    return list(session.exec(select(Addition).where(col(Addition.job_id).is_(None))))


def all_ids(session: Session) -> set[str]:
    return set(session.exec(select(Addition.id)))


def newest(session: Session, ref: DatasetRef) -> Dataset | None:
    """The newest revision of a dataset that is here."""
    return next((row for row in rows.find(session, ref) if row.downloaded and not row.selection), None)


def touch(session: Session, addition_id: str) -> None:
    """Something of it has just arrived."""
    row = session.get(Addition, addition_id)
    if row is not None:
        row.touched_at = now()
        session.add(row)


def forget(session: Session, addition_id: str) -> None:
    session.exec(delete(Addition).where(col(Addition.id) == addition_id))


def forget_stale(session: Session, before: datetime) -> list[str]:
    """The ids of those that go: what was not touched since, unless its job is at work; and what its job has
    brought into the library."""
    jobs = select(Job.id).where(Job.id == Addition.job_id)
    active = jobs.where(col(Job.state).in_(ACTIVE_STATES)).exists()
    done = jobs.where(Job.state == "succeeded").exists()
    stale = or_(and_(col(Addition.touched_at) < before, ~active), done)
    ids = list(session.exec(select(Addition.id).where(stale)))
    session.exec(delete(Addition).where(col(Addition.id).in_(ids)))
    return ids


@contextmanager
def writing(root: Path) -> Iterator[None]:
    """Errors: ``DiskFull`` and ``StoreNotWritable`` for what the disk does not take; ``NotFound`` where the
    folder was removed meanwhile."""
    with disk_faults(root):
        try:
            yield
        except FileNotFoundError as error:
            raise NotFound(
                "What has arrived was removed meanwhile.", next_step="Add the folder again."
            ) from error
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                raise
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
