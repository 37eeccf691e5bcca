"""What a person calls a dataset or a job, as a part of the API's addresses."""

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from dataferry.core.errors import InvalidInput, NotFound
from dataferry.core.specs import source_named

if TYPE_CHECKING:
    from dataferry.core.hub_addresses import DatasetAddress

#: How an address at a hub begins where it is written without https://.
HUB_HOSTS = ("huggingface.co/", "hf.co/", "www.kaggle.com/", "kaggle.com/", "www.huggingface.co/")


def dataset_segment(name: str, source: str | None = None) -> str:
    """A dataset's ref, key or alias, its page's address, or its id beside its source.

    Errors: ``InvalidInput``, ``NotFound``.
    """
    address = dataset_address(name, source)
    if address is not None:
        name = address.ref.key
    return _segment(name, "dataset", "`dataferry library` lists them by their refs.")


def dataset_address(name: str, source: str | None = None) -> "DatasetAddress | None":
    """What a name says that is no key or alias. Errors: ``InvalidInput``."""
    name = name.strip()
    prefix, colon, rest = name.partition(":")
    named = colon and ("/" in rest or (source_named(prefix) is not None and not rest.strip()))
    if source is None and not named and not name.startswith(HUB_HOSTS):
        return None
    from dataferry.core.hub_addresses import read_address

    return read_address(name, source)


class AskedDataset(NamedTuple):
    """A dataset as a part of the API's addresses; the revision and the file that are asked for, if any."""

    segment: str
    revision: str | None
    path: str | None


def asked_dataset(ref: str, source: str | None, revision: str | None) -> AskedDataset:
    """What a ref or an address at a hub asks for, which may name a revision and a file; ``revision`` goes
    first. Errors: ``InvalidInput``, ``NotFound``."""
    from dataferry.core.hub_addresses import read_address

    address = read_address(ref, source) if "/" in ref else dataset_address(ref, source)
    if address is None:
        return AskedDataset(dataset_segment(ref), revision, None)
    return AskedDataset(dataset_segment(address.ref.key), revision or address.revision, address.path)


def job_segment(job_id: str) -> str:
    """A job's id. Errors: ``InvalidInput``, ``NotFound``."""
    return _segment(job_id, "job", "`dataferry jobs` lists them.")


def _segment(name: str, what: str, next_step: str) -> str:
    """``name`` can be no way to elsewhere: ``../jobs`` is a name that nothing has."""
    name = name.strip()
    if not name:
        raise InvalidInput(f"The {what}'s name is empty.", next_step=next_step)
    if "/" in name or name in (".", ".."):
        raise NotFound(f"There is no {what} {name[:120]!r}.", next_step=next_step)
    return quote(name, safe=":~@")
