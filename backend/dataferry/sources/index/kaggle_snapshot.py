"""Meta Kaggle: six tables, of which the newest version of every dataset is taken."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from dataferry.core.errors import Unreadable
from dataferry.core.types import DatasetSummary
from dataferry.sources.index.entries import Entry, Reading
from dataferry.sources.index.tables import CsvTable, connected, rows_of
from dataferry.sources.kaggle import summary_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Of a dataset's long description: what is searched beside title and subtitle.
_TEXT_CHARS = 2000
#: Lists of tags are made in so many parts: they must be in memory until they are whole.
_TAG_PARTS = 8


def read(files: Mapping[str, Path], scratch: Path, reading: Reading) -> Iterator[Entry]:
    """Every dataset that a search at Kaggle could show.

    Errors: ``Unreadable`` for files that are not the tables they should be; ``DiskFull``.
    """
    with connected(scratch) as connection:
        datasets = CsvTable(files["Datasets.csv"], ("Id", "OwnerUserId"), scratch)
        _read_datasets(connection, datasets, reading)
        _read_owners(connection, files, scratch, reading)
        _read_tags(connection, files, scratch, reading)
        versions = CsvTable(files["DatasetVersions.csv"], ("Id", "DatasetId", "Slug", "Title"), scratch)
        _choose_versions(connection, versions, reading)
        _describe(connection)
        for row in rows_of(connection, _final_query(versions)):
            reading.count()
            entry = _entry(row, reading)
            if entry is not None:
                yield entry


def _number(table: CsvTable, column: str) -> str:
    # Numbers may be written as decimals once a program has met a missing one: "17.0".
    return f"CAST(TRY_CAST({table.column(column)} AS DOUBLE) AS BIGINT)"


def _time(column: str) -> str:
    """Seconds since 1970, of ``MM/DD/YYYY HH:MM:SS`` or a time in ISO's form."""
    return (
        f"coalesce(epoch(try_strptime({column}, '%m/%d/%Y %H:%M:%S')),"
        f" epoch(TRY_CAST({column} AS TIMESTAMPTZ)))"
    )


def _count(connection: "DuckDBPyConnection", table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])  # noqa: S608


def _checked(
    connection: "DuckDBPyConnection", table: CsvTable, reading: Reading, rows: int, *, used: int | None = None
) -> None:
    """Note the rows of a table that could not be read, and delete it where it was unpacked."""
    reading.leave_out(f"{table.name}: a row that cannot be read", table.check(connection, rows))
    if used is not None:
        reading.leave_out(f"{table.name}: a row without the numbers it needs", rows - used)


def _read_datasets(connection: "DuckDBPyConnection", table: CsvTable, reading: Reading) -> None:
    connection.execute(
        f"""CREATE TABLE datasets AS SELECT
            {_number(table, "Id")} AS id,
            {_number(table, "OwnerUserId")} AS user_id,
            {_number(table, "OwnerOrganizationId")} AS organization_id,
            {_number(table, "CurrentDatasetVersionId")} AS version_id,
            {_number(table, "TotalDownloads")} AS downloads,
            {_number(table, "TotalVotes")} AS votes,
            {_time(table.column("LastActivityDate"))} AS active_at
        FROM {table.sql()}"""  # noqa: S608
    )
    rows = _count(connection, "datasets")
    connection.execute("DELETE FROM datasets WHERE id IS NULL")
    _checked(connection, table, reading, rows, used=_count(connection, "datasets"))


def _read_owners(
    connection: "DuckDBPyConnection", files: Mapping[str, Path], scratch: Path, reading: Reading
) -> None:
    """Of millions of users, those who own a dataset."""
    for file, name, owner in (
        ("Users.csv", "UserName", "user"),
        ("Organizations.csv", "Slug", "organization"),
    ):
        table = CsvTable(files[file], ("Id", name), scratch)
        connection.execute(
            f"""CREATE TABLE {owner}s AS SELECT id, any_value(name) AS name
            FROM (SELECT {_number(table, "Id")} AS id, {table.column(name)} AS name
                  FROM {table.sql()}) AS read
            SEMI JOIN datasets ON read.id = datasets.{owner}_id
            GROUP BY id"""  # noqa: S608
        )
        _checked(connection, table, reading, max(_count(connection, f"{owner}s"), 1))


def _read_tags(
    connection: "DuckDBPyConnection", files: Mapping[str, Path], scratch: Path, reading: Reading
) -> None:
    names = CsvTable(files["Tags.csv"], ("Id", "Name"), scratch)
    given = CsvTable(files["DatasetTags.csv"], ("DatasetId", "TagId"), scratch)
    connection.execute(
        f"CREATE TABLE tag_names AS SELECT {_number(names, 'Id')} AS id, {names.column('Name')} AS name"  # noqa: S608
        f" FROM {names.sql()}"
    )
    _checked(connection, names, reading, _count(connection, "tag_names"))
    connection.execute(
        f"""CREATE TABLE given AS SELECT
            {_number(given, "DatasetId")} AS dataset_id, {_number(given, "TagId")} AS tag_id,
            {_number(given, "Id")} AS place
        FROM {given.sql()}"""  # noqa: S608
    )
    _checked(connection, given, reading, _count(connection, "given"))
    connection.execute("CREATE TABLE tags (dataset_id BIGINT, names VARCHAR[])")
    for part in range(_TAG_PARTS):
        connection.execute(
            """INSERT INTO tags SELECT dataset_id, list(name ORDER BY place, tag_id)
            FROM given JOIN tag_names ON tag_names.id = given.tag_id
            WHERE dataset_id % ? = ? GROUP BY dataset_id""",
            [_TAG_PARTS, part],
        )
    connection.execute("DROP TABLE given")


def _choose_versions(connection: "DuckDBPyConnection", table: CsvTable, reading: Reading) -> None:
    """The version of each dataset that is current, or else its highest one: numbers alone, so that its texts
    are read in passing later."""
    connection.execute(
        f"""CREATE TABLE chosen AS SELECT
            dataset_id,
            coalesce(max(read.id) FILTER (WHERE read.id = datasets.version_id),
                     arg_max(read.id, coalesce(number, 0))) AS version_id
        FROM (SELECT {_number(table, "Id")} AS id, {_number(table, "DatasetId")} AS dataset_id,
                     {_number(table, "VersionNumber")} AS number
              FROM {table.sql()}) AS read
        JOIN datasets ON datasets.id = read.dataset_id
        WHERE read.id IS NOT NULL
        GROUP BY dataset_id"""  # noqa: S608
    )
    chosen = _count(connection, "chosen")
    _checked(connection, table, reading, chosen)
    datasets = _count(connection, "datasets")
    if chosen * 2 < datasets:
        raise Unreadable(
            f"{table.name} has versions of {chosen:,} datasets alone, of {datasets:,}.",
            next_step="Download the snapshot again; the index that was there stays in use.",
        )
    reading.leave_out("a dataset without a version", datasets - chosen)


def _describe(connection: "DuckDBPyConnection") -> None:
    """One table of all that is not in the versions, by the chosen one: each join keeps a table in memory, so
    they are made one after the other."""
    connection.execute(
        """CREATE TABLE owned AS SELECT
            chosen.version_id, datasets.id, datasets.user_id, datasets.organization_id,
            datasets.downloads, datasets.votes, datasets.active_at
        FROM datasets JOIN chosen ON chosen.dataset_id = datasets.id;
        DROP TABLE datasets; DROP TABLE chosen;
        CREATE TABLE named AS SELECT
            version_id, owned.id, coalesce(organizations.name, users.name) AS owner,
            downloads, votes, active_at
        FROM owned
        LEFT JOIN organizations ON organizations.id = owned.organization_id
        LEFT JOIN users ON users.id = owned.user_id;
        DROP TABLE owned; DROP TABLE users; DROP TABLE organizations;
        CREATE TABLE described AS SELECT named.*, tags.names AS tags
        FROM named LEFT JOIN tags ON tags.dataset_id = named.id;
        DROP TABLE named; DROP TABLE tags"""
    )


def _final_query(table: CsvTable) -> str:
    return f"""SELECT
        owner, slug, title, subtitle, description, license, coalesce({_time("created")}, active_at), size,
        downloads, votes, tags
    FROM (SELECT {_number(table, "Id")} AS version_id, {table.column("Slug")} AS slug,
                 {table.column("Title")} AS title, {table.column("Subtitle")} AS subtitle,
                 left({table.column("Description")}, {_TEXT_CHARS}) AS description,
                 {table.column("LicenseName")} AS license, {table.column("CreationDate")} AS created,
                 nullif(coalesce(nullif({_number(table, "TotalUncompressedBytes")}, 0),
                                 {_number(table, "TotalCompressedBytes")}), 0) AS size
          FROM {table.sql()}) AS read
    JOIN described USING (version_id)"""  # noqa: S608


def _entry(row: tuple[Any, ...], reading: Reading) -> Entry | None:
    owner, slug, title, subtitle, description, *facts = row
    license_name, updated, size, downloads, votes, tags = facts
    if not owner or not slug:
        reading.leave_out("a dataset without an owner" if slug else "a dataset without a name")
        return None
    dataset = SimpleNamespace(
        ref=f"{owner}/{slug}",
        title=title,
        subtitle=subtitle or description,
        tags=[SimpleNamespace(name=name) for name in tags or ()],
        download_count=max(downloads or 0, 0),
        vote_count=max(votes or 0, 0),
        total_bytes=max(size or 0, 0),
        license_name=license_name,
        is_private=False,
        last_updated=datetime.fromtimestamp(updated, UTC) if updated is not None else None,
        # The version may be an older one by the time of a download.
        current_version_number=None,
    )
    summary: DatasetSummary | None = summary_of(dataset, ())
    if summary is None:
        reading.leave_out("a name that is no address")
        return None
    return Entry(summary, description if subtitle and description else "")
