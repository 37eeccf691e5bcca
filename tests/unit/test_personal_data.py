"""Every column that holds a person is named by the part that erases it."""

import re
from pathlib import Path

from sqlmodel import SQLModel

from dataferry.app import build_services
from dataferry.core.settings import Settings

#: Of a column's name: what somebody would call one that holds a person.
PERSON = re.compile(
    r"(^|_)(users?|owners?|authors?|actors?|accounts?|annotators?|creators?|editors?|emails?|holders?|members?"
    r"|persons?|people|readers?|requesters?|reviewers?|sharers?|uploaders?|viewers?)(_|$)|_by$"
)
#: These hold none. Each with what it is.
NO_PERSON = {
    "users.email": "goes with the account's row",
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
        named = services.personal_data.columns
    finally:
        services.close()
    found = columns_of_persons()
    assert "chats.user_id" in found
    assert not found - named, "no part erases these"
    assert not named - found, "these are named, and hold nobody or are not there"
