"""URLs that carry a secret (a query, user info): encrypted in their dataset's row, and known again to those
who may see it.

A ref and a card show such a URL without its secret, so a later request names only that.
"""

from sqlmodel import Session

from dataferry.accounts.security import Secrets
from dataferry.core.types import DatasetRef, Viewer
from dataferry.library import rights, rows
from dataferry.library.models import Dataset


class PrivateUrls:
    """Encrypts the URLs of ``url`` datasets and puts them back into refs."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def encrypted(self, ref: DatasetRef) -> str | None:
        """The ref's full URL for its row; None where there is nothing to hide."""
        return self._secrets.encrypt(ref.url or "") if has_secret(ref) else None

    def ref_of(self, dataset: Dataset) -> DatasetRef:
        """The row's ref, with its full URL where one is kept."""
        if dataset.encrypted_url is None:
            return rows.ref_of(dataset)
        return DatasetRef("url", dataset.source_id, url=self._secrets.decrypt(dataset.encrypted_url))

    def restore(
        self, session: Session, ref: DatasetRef, viewer: Viewer, *, to_own: bool = False
    ) -> DatasetRef:
        """The ref with its full URL. Errors: ``NotFound`` for a URL that this viewer has not given; where it
        is to look at, and not ``to_own``, for one that is not shared with them either."""
        if ref.source != "url" or ref.url is not None:
            return ref
        for row in rows.find(session, ref):
            allowed = rights.in_own_right if to_own else rights.may_see
            if row.encrypted_url is not None and allowed(session, row, viewer):
                return self.ref_of(row)
        raise rows.not_in_library(ref.id)


def has_secret(ref: DatasetRef) -> bool:
    """The URL has a query or user info, which only the person who gave it may see."""
    return ref.source == "url" and ref.url is not None and ref.url != ref.id
