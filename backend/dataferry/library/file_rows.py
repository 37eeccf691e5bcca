"""The rows of a dataset's files. A dataset may have half a million: nothing loads them all at once. Every
function takes the session first."""

from collections.abc import Collection, Iterator, Sequence
from typing import cast

from sqlalchemy import ColumnElement, and_, case, func, or_
from sqlmodel import Session, col, select

from dataferry.core.db import Reads
from dataferry.core.errors import InvalidInput
from dataferry.core.types import Grade
from dataferry.library.models import Dataset, DatasetFile
from dataferry.library.views import DatasetFileView

#: Files that are read at a time.
PAGE_SIZE = 1000


def seen(dataset_id: str) -> ColumnElement[bool]:
    """The rows of a dataset's files that readers see: those of its present generation."""
    generation = select(Dataset.generation).where(Dataset.id == dataset_id).scalar_subquery()
    return and_(col(DatasetFile.dataset_id) == dataset_id, col(DatasetFile.generation) == generation)


def in_code_point_order(session: Session) -> ColumnElement[str]:
    """A file's path, to order by as Python does, whatever the database's collation."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    return col(DatasetFile.path).collate("BINARY" if sqlite else "C")


def file_of(session: Session, dataset_id: str, path: str) -> DatasetFile | None:
    query = select(DatasetFile).where(seen(dataset_id), DatasetFile.path == path)
    return session.exec(query).one_or_none() if storable(path) else None


def any_like(session: Session, dataset_id: str, patterns: Sequence[str]) -> bool:
    """Whether a dataset has a file whose path one of these patterns of ``LIKE`` fits."""
    path = col(DatasetFile.path)
    query = select(DatasetFile.path).where(seen(dataset_id), or_(*map(path.like, patterns))).limit(1)
    return session.exec(query).first() is not None


def tables(
    session: Session,
    dataset_id: str,
    suffixes: Collection[str],
    *,
    limit: int,
) -> list[str]:
    """Paths of files with one of these suffixes (``.csv``): training tables before others, then the largest,
    then by path."""
    training = case((func.lower(DatasetFile.path).contains("train"), 1), else_=0)
    path = in_code_point_order(session)
    query = (
        select(DatasetFile.path)
        .where(seen(dataset_id), *_with_suffix(session, suffixes))
        .order_by(
            training.desc(),
            col(DatasetFile.size).desc(),
            path.asc(),
        )
        .limit(limit)
    )
    return list(session.exec(query))


def first_named(session: Session, dataset_id: str, names: Sequence[str]) -> str | None:
    """The path of the file with one of these lower-case names that lies nearest to the top; of several there
    the one whose name comes first in ``names``."""
    lower = func.lower(DatasetFile.path)
    named = or_(lower.in_(names), *(lower.endswith(f"/{name}", autoescape=True) for name in names))
    query = select(DatasetFile.path).where(seen(dataset_id), named)
    found = list(session.exec(query.order_by(func.length(DatasetFile.path)).limit(PAGE_SIZE)))
    order = {name: place for place, name in enumerate(names)}
    return min(
        found, key=lambda path: (path.count("/"), order[path.rpartition("/")[2].lower()], path), default=None
    )


def sizes(session: Session, dataset_id: str, paths: Sequence[str]) -> dict[str, int]:
    query = select(DatasetFile.path, DatasetFile.size)
    return dict(session.exec(query.where(seen(dataset_id), col(DatasetFile.path).in_(paths))).all())


def spread(
    session: Session, dataset_id: str, suffixes: Collection[str], *, limit: int
) -> tuple[list[str], int]:
    """Paths of some of the files with one of these suffixes, from all over the dataset and the same each
    time, and how many there are."""
    query = (
        select(DatasetFile.path, func.count().over())
        .where(seen(dataset_id), *_with_suffix(session, suffixes))
        # A checksum is as good as drawn by lot.
        .order_by(DatasetFile.sha256, DatasetFile.path)
        .limit(limit)
    )
    found = session.exec(query).all()
    return [path for path, _ in found], found[0][1] if found else 0


def of_paths(session: Session, dataset_id: str, paths: Sequence[str]) -> list[DatasetFile]:
    """The rows of these files, in the order of the paths; those that are none of its files are left out."""
    found: dict[str, DatasetFile] = {}
    for start in range(0, len(paths), PAGE_SIZE // 2):
        some = paths[start : start + PAGE_SIZE // 2]
        query = select(DatasetFile).where(seen(dataset_id), col(DatasetFile.path).in_(some))
        found.update((file.path, file) for file in session.exec(query))
    return [found[path] for path in paths if path in found]


def only_ones_ending(
    session: Session, dataset_id: str, names: Sequence[str]
) -> dict[str, DatasetFile | None]:
    """For each name the file whose path ends with it, in whatever folder; None for a name that none has, or
    several have."""
    ends = {f"/{name.replace(chr(92), '/').lstrip('/')}": name for name in names}
    path = col(DatasetFile.path)
    query = select(DatasetFile).where(
        seen(dataset_id), or_(*(path.endswith(end, autoescape=True) for end in ends))
    )
    found: dict[str, list[DatasetFile]] = {name: [] for name in names}
    for file in session.exec(query):
        for end, name in ends.items():
            if file.path.endswith(end):
                found[name].append(file)
    return {name: files[0] if len(files) == 1 else None for name, files in found.items()}


def digests_here(session: Session, digests: Collection[str]) -> set[str]:
    """Which of these SHA-256 are of files of downloaded datasets."""
    query = (
        select(DatasetFile.sha256)
        .join(Dataset, col(Dataset.id) == col(DatasetFile.dataset_id))
        .where(
            Dataset.downloaded,
            DatasetFile.generation == Dataset.generation,
            col(DatasetFile.sha256).in_(digests),
        )
    )
    return set(session.exec(query.distinct()))


def page(session: Session, dataset_id: str, *, after: str | None, limit: int) -> list[DatasetFileView]:
    """The next files after the path ``after``, by path in the database's own order.

    Errors: ``InvalidInput`` where ``after`` can be no file's path.
    """
    if after is not None and not storable(after):
        raise InvalidInput("The file list cannot continue there.", next_step="Start it from the beginning.")
    query = select(DatasetFile.path, DatasetFile.size, DatasetFile.sha256, DatasetFile.grade).where(
        seen(dataset_id)
    )
    if after is not None:
        query = query.where(DatasetFile.path > after)
    found = session.exec(query.order_by(DatasetFile.path).limit(limit))
    return [
        DatasetFileView(path=path, size=size, sha256=sha256, grade=cast(Grade, grade))
        for path, size, sha256, grade in found
    ]


def pages(database: Reads, dataset_id: str) -> Iterator[list[DatasetFileView]]:
    """Every file, by path, some at a time. Blocks: for a worker's thread."""
    after = None
    while found := database.read(page, dataset_id, after=after, limit=PAGE_SIZE):
        yield found
        after = found[-1].path


def storable(path: str) -> bool:
    """Whether a database takes it as text: Postgres refuses NUL, and no driver encodes half of a surrogate
    pair."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in path


def _with_suffix(session: Session, suffixes: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    """The conditions for files with one of these suffixes."""
    # One look at the last letter spares most files, which have none of them, the look for each suffix.
    sqlite = session.get_bind().dialect.name == "sqlite"
    last = func.substr(DatasetFile.path, -1) if sqlite else func.right(DatasetFile.path, 1)
    letters = {letter for suffix in suffixes for letter in (suffix[-1], suffix[-1].upper())}
    lower = func.lower(DatasetFile.path)
    return last.in_(letters), or_(*(_has(lower, suffix) for suffix in suffixes))


def _has(lower: ColumnElement[str], suffix: str) -> ColumnElement[bool]:
    """As ``PurePath.suffix`` reads it: a name that is nothing but a suffix has none."""
    return and_(lower.endswith(suffix), lower != suffix, ~lower.endswith(f"/{suffix}"))


def all_sizes(session: Session, dataset_id: str) -> dict[str, int]:
    """The size of every file by its path: for what must know all names at once, such as the layout of a
    dataset of pictures. Half a million take some 100 MB."""
    return dict(session.exec(select(DatasetFile.path, DatasetFile.size).where(seen(dataset_id))).all())
