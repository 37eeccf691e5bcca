"""What a person calls a dataset or a job, as a part of the API's addresses."""

from urllib.parse import quote

from dataferry.core.errors import InvalidInput
from dataferry.core.specs import source_named


def dataset_segment(name: str) -> str:
    """A dataset's ref, key or alias. Errors: ``InvalidInput``."""
    prefix, colon, rest = name.strip().partition(":")
    if colon and source_named(prefix) is not None and ("/" in rest or not rest.strip()):
        from dataferry.core.types import DatasetRef

        name = DatasetRef.parse(name.strip()).key
    return _segment(name, "dataset", "`dataferry library` lists them.")


def job_segment(job_id: str) -> str:
    """A job's id. Errors: ``InvalidInput``."""
    return _segment(job_id, "job", "`dataferry jobs` lists them.")


def _segment(name: str, what: str, next_step: str) -> str:
    """``name`` can be no way to elsewhere: ``../jobs`` is a name that nothing has."""
    name = name.strip()
    if not name:
        raise InvalidInput(f"The {what}'s name is empty.", next_step=next_step)
    if name in (".", ".."):
        raise InvalidInput(f"{name!r} is no {what}'s name.", next_step=next_step)
    return quote(name, safe=":~@")
