"""The library's rows: read and changed here only. Every function takes the session first."""

from collections.abc import Sequence

from sqlalchemy import inspect, tuple_
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from dataferry.core.db import new_id, now
from dataferry.core.errors import ConfigError, NotFound, SourceTimeout
from dataferry.core.inserts import insert_missing
from dataferry.core.types import SOURCE_NAMES, DatasetRef, DatasetSummary, Viewer
from dataferry.library import rights, share_rows, view_rows
from dataferry.library.models import Alias, Dataset, DatasetAccess, DatasetShare
from dataferry.library.rights import ACCESS_VALID, GIVEN_BY_PEOPLE, in_own_right, may_see


def now_ms() -> int:
    return int(now().timestamp() * 1000)


def ref_of(dataset: Dataset) -> DatasetRef:
    return DatasetRef.make(dataset.source, dataset.source_id)


def check_sources(session: Session) -> None:
    """Errors: ``ConfigError`` where a source has datasets here and is not installed any more."""
    if not inspect(session.connection()).has_table(Dataset.__tablename__):
        return
    missing = sorted(set(session.exec(select(Dataset.source).distinct())) - set(SOURCE_NAMES))
    if missing:
        raise ConfigError(
            f"The library has datasets of {', '.join(missing)}, which is no source of this installation.",
            next_step="Install its package again; to uninstall it, delete these datasets first.",
        )


def not_in_library(name: str) -> NotFound:
    return NotFound(
        f"The library has no dataset {name[:120]!r}.", next_step="Search for it and download it first."
    )


def find(session: Session, ref: DatasetRef) -> list[Dataset]:
    """Every row of a ref, downloaded ones and newest first."""
    query = select(Dataset).where(Dataset.source == ref.source, Dataset.source_id == ref.id)
    order = (
        col(Dataset.downloaded).desc(),
        col(Dataset.selection) == "",
        col(Dataset.updated_at_ms).desc(),
    )
    return list(session.exec(query.order_by(order[0], order[1].desc(), order[2])))


def find_all(session: Session, refs: Sequence[DatasetRef]) -> list[Dataset]:
    """Every row of any of these refs."""
    wanted = {(ref.source, ref.id) for ref in refs}
    query = select(Dataset).where(tuple_(Dataset.source, Dataset.source_id).in_(wanted))
    return list(session.exec(query.order_by(col(Dataset.updated_at_ms).desc())))


def resolve_name(session: Session, key_or_alias: str) -> DatasetRef:
    """A key (``kaggle:uciml~iris``), a ref, or an alias (``imdb``) → the ref.

    Errors: ``NotFound``; ``InvalidInput`` for a malformed key.
    """
    if ":" in key_or_alias:
        return DatasetRef.from_key(key_or_alias)
    alias = session.get(Alias, key_or_alias)
    if alias is not None:
        return DatasetRef.parse(alias.ref)
    builtin = session.exec(
        select(Dataset).where(Dataset.source == "builtin", Dataset.source_id == key_or_alias)
    ).first()
    if builtin is None:
        raise not_in_library(key_or_alias)
    return ref_of(builtin)


def visible(session: Session, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> Dataset:
    """The row that a key, ref or alias names, or its own id, which alone tells a selection from the whole.

    ``revision``: its beginning suffices. Errors: ``NotFound``, also for what the viewer may not see.
    """
    named = session.get(Dataset, key_or_alias) if key_or_alias.startswith("ds_") else None
    found = find(session, resolve_name(session, key_or_alias)) if named is None else [named]
    seen = [row for row in found if may_see(session, row, viewer)]
    if not seen:
        raise not_in_library(key_or_alias)
    for row in seen:
        if row.revision.startswith(revision or ""):
            return row
    raise _no_such_revision(key_or_alias, revision or "", seen)


def downloaded(session: Session, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> Dataset:
    """The same row, once its files are here. Errors: ``NotFound`` until then."""
    row = visible(session, viewer, key_or_alias, revision)
    if not row.downloaded:
        raise not_in_library(key_or_alias)
    return row


def _no_such_revision(name: str, revision: str, rows: Sequence[Dataset]) -> NotFound:
    here = list(dict.fromkeys(row.revision[:12] for row in rows if row.revision))
    those = f"There is {', '.join(here[:10])}" if here else "None is known yet"
    return NotFound(
        f"The library has no revision {revision[:80]!r} of {name[:120]!r}.",
        next_step=f"{those}; leave revision out for the newest, or download the one you want.",
    )


def stale_access(session: Session, viewer: Viewer) -> list[tuple[Dataset, str]]:
    """Restricted datasets on this machine, each with somebody whose access to it must be checked again: the
    viewer, or one who shares it with them."""
    stale = (
        select(Dataset, DatasetAccess.user_id)
        .join(DatasetAccess, col(DatasetAccess.dataset_id) == Dataset.id)
        .where(
            Dataset.visibility == "restricted",
            Dataset.downloaded,
            col(Dataset.source).not_in(GIVEN_BY_PEOPLE),
            DatasetAccess.checked_at <= now() - ACCESS_VALID,
        )
    )
    own = stale.where(DatasetAccess.user_id == viewer.user_id)
    sharers = stale.join(DatasetShare, share_rows.given_by_holder(viewer))
    return [(row, user_id) for query in (own, sharers) for row, user_id in session.exec(query)]


def record_alias(session: Session, name: str, ref: DatasetRef) -> None:
    """Record a short name for ``ref``. A name that has a meaning keeps it."""
    insert_missing(session, Alias(name=name, ref=str(ref)))


def _short_name(session: Session, ref: DatasetRef) -> str:
    """The alias that stands for a ref, where there is one: a word without a slash. Else the ref."""
    word = ref.id if ref.source == "builtin" else None
    if word is not None and session.get(Alias, word) is None:
        return word
    short = select(Alias.name).where(Alias.ref == str(ref), ~col(Alias.name).contains("/"))
    return session.exec(short.order_by(Alias.name)).first() or str(ref)


def find_exact(session: Session, ref: DatasetRef, revision: str, selection: str) -> Dataset | None:
    """The row of one revision and selection, where there is one."""
    query = select(Dataset).where(
        Dataset.source == ref.source,
        Dataset.source_id == ref.id,
        Dataset.revision == revision,
        Dataset.selection == selection,
    )
    return session.exec(query).one_or_none()


def upsert(
    session: Session,
    ref: DatasetRef,
    summary: DatasetSummary | None,
    *,
    revision: str,
    selection: str,
    encrypted_url: str | None,
) -> Dataset:
    """The row of one revision, made or brought up to date from what its source says now."""
    dataset = find_exact(session, ref, revision, selection)
    if dataset is None:
        made = Dataset(
            id=new_id("ds"),
            source=ref.source,
            source_id=ref.id,
            revision=revision,
            selection=selection,
            name=_short_name(session, ref),
            title=ref.name,
            updated_at_ms=now_ms(),
        )
        insert_missing(session, made)
        dataset = find_exact(session, ref, revision, selection)
        assert dataset is not None
    if summary is not None:
        dataset.title = summary.title
        # What is known of a revision stays as it was told first.
        dataset.description = dataset.description or summary.description
        dataset.original_url = dataset.original_url or summary.url
        dataset.license = summary.license
        dataset.visibility = "restricted" if summary.gated or summary.private else "public"
        if not dataset.downloaded:
            dataset.size = summary.size_bytes
            dataset.file_count = summary.file_count
    if encrypted_url is not None:
        dataset.encrypted_url = encrypted_url
        dataset.visibility = "restricted"
    session.add(dataset)
    session.flush()
    return dataset


def kept_status(dataset: Dataset) -> str:
    """The status of a dataset whose copy is here, while no job is at work on it."""
    return "damaged" if dataset.condition == "damaged" else "downloaded"


def is_outdated(row: Dataset) -> bool:
    """Its source has a revision that is not this one, and that nobody has declined."""
    newest = row.upstream_revision
    return newest is not None and newest not in (row.revision, row.declined_revision)


def set_status(
    session: Session, dataset_id: str, status: str, *, job_id: str | None = None, error: str | None = None
) -> None:
    dataset = session.get_one(Dataset, dataset_id)
    if status == "downloaded" and dataset.condition == "damaged":
        status, error = kept_status(dataset), error or dataset.error
    dataset.status, dataset.error, dataset.updated_at_ms = status, error, now_ms()
    if not dataset.downloaded:
        dataset.download_progress = 0.0
        if status != "queued":
            view_rows.drop(session, dataset_id)
    if job_id is not None:
        dataset.download_job_id = job_id
    session.add(dataset)


def admit_unverified(session: Session, dataset: Dataset, viewer: Viewer, *, anonymous: bool) -> None:
    """Let a viewer wait for a dataset although its source has not confirmed who may have it.

    What the source gives without a credential is public; what it gives for one is restricted until confirmed.
    Errors: ``SourceTimeout`` where one person's access would become another's.
    """
    rows = find(session, ref_of(dataset))
    hidden = any(not in_own_right(session, row, viewer) for row in rows)
    others = set(rights.owners(session, dataset.id)) - {viewer.user_id}
    if hidden or (not anonymous and not dataset.downloaded and dataset.visibility == "public" and others):
        raise SourceTimeout(
            f"The source of {dataset.source_id} takes too long to say who may have it.",
            next_step="Try again.",
        )
    if not anonymous and not dataset.downloaded:
        dataset.visibility = "restricted"
        session.add(dataset)


def record_use(session: Session, dataset_id: str) -> None:
    """Somebody looked into the dataset just now, or asked for it again."""
    dataset = session.get(Dataset, dataset_id)
    if dataset is not None:
        dataset.last_used_ms = now_ms()
        session.add(dataset)


def resolve_revision(session: Session, dataset_id: str, revision: str) -> Dataset:
    """Give a row without a revision the one that its job resolved.

    Where that revision has a row of its own already, the unresolved row is deleted and that one returned.
    """
    dataset = session.get_one(Dataset, dataset_id)
    if dataset.revision == revision:
        return dataset
    ref, selection = ref_of(dataset), dataset.selection
    known = find_exact(session, ref, revision, selection)
    if known is None:
        try:
            with session.begin_nested():
                dataset.revision = revision
                session.add(dataset)
            return dataset
        except IntegrityError:  # another process has inserted that row meanwhile
            session.refresh(dataset)
            known = find_exact(session, ref, revision, selection)
            assert known is not None
    view_rows.move(session, dataset_id, known.id)
    rights.move(session, dataset_id, known)
    session.flush()
    session.delete(dataset)
    return known
