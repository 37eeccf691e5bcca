"""Every column that holds a person is named by the part that erases it; what is erased leaves no copy."""

import re
from pathlib import Path
from random import Random

from sqlmodel import SQLModel

from dataferry.app import build_services
from dataferry.core.db import Database
from dataferry.core.settings import Settings
from dataferry.privacy.scrubbing import scrub_logs

#: Of a column's name: what somebody would call one that holds a person.
PERSON = re.compile(
    r"(^|_)(users?|owners?|authors?|actors?|accounts?|annotators?|creators?|editors?|emails?|holders?|members?"
    r"|persons?|people|readers?|requesters?|reviewers?|sharers?|uploaders?|viewers?)(_|$)|_by$"
)
#: These hold none. Each with what it is.
NO_PERSON = {
    "users.email": "goes with the account's row",
    "erasures.user_id": "is emptied by the erasure itself",
    "jobs.owner": "a worker",
    "messages.owner": "a process",
    "dataset_access.owner": "yes or no",
    "kept_answers.holder": "a request",
}


def columns_of_persons() -> set[str]:
    return {
        f"{table.name}.{column.name}"
        for table in SQLModel.metadata.tables.values()
        for column in table.columns
        if PERSON.search(column.name) or any(key.target_fullname == "users.id" for key in column.foreign_keys)
    } - NO_PERSON.keys()


def test_every_column_with_a_person_is_erased_by_somebody(tmp_path: Path) -> None:
    """Name yours in the ``PersonalData`` of its part, and erase its rows there (``core.personal_data``)."""
    services = build_services(Settings(_env_file=None, data_dir=tmp_path))
    try:
        named = services.privacy.register.columns
    finally:
        services.close()
    found = columns_of_persons()
    assert "chats.user_id" in found
    assert not found - named, "no part erases these"
    assert not named - found, "these are named, and hold nobody or are not there"


def test_a_database_that_is_written_anew_holds_no_copy_of_what_was_deleted(tmp_path: Path) -> None:
    """``secure_delete`` alone leaves some: rows that were moved from one page to another."""
    path = tmp_path / "a.sqlite"
    database = Database(f"sqlite:///{path}")
    random = Random(1)
    try:
        with database.unit_of_work() as session:
            run = session.connection().exec_driver_sql
            run("CREATE TABLE said (id TEXT PRIMARY KEY, who TEXT, body TEXT)")
            run("CREATE INDEX by_who ON said (who, body)")
            for number in range(3000):
                word = "kanarienvogel" if number % 3 == 0 else "other"
                row = (str(random.random()), word, word * random.randint(1, 60))
                run("INSERT INTO said VALUES (?, ?, ?)", row)
            for _ in range(2000):
                row = ("z" * random.randint(1, 200), random.randint(0, 2999))
                run("UPDATE said SET body = body || ? WHERE rowid = ?", row)
            run("DELETE FROM said WHERE who = 'kanarienvogel'")
        assert database.empty_log()
        assert b"kanarienvogel" in path.read_bytes()
        database.rewrite()
        assert database.empty_log()
        assert b"kanarienvogel" not in path.read_bytes() + path.with_name("a.sqlite-wal").read_bytes()
    finally:
        database.close()


def test_logs_are_painted_over_where_their_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "unforeseen.log"
    log.write_bytes(b"$ dataferry users disable Ada@Example.org\nuser_1 \xff\n")
    with log.open("ab") as writer:
        scrub_logs(tmp_path, ["ada@example.org", "user_1"])
        writer.write(b"later\n")
    assert log.read_bytes() == b"$ dataferry users disable ***************\n****** \xff\nlater\n"
