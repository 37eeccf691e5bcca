"""How much of uploads may be here: in all, and of one person."""

from sqlalchemy import func
from sqlmodel import Session, col, select

from dataferry.core.errors import QuotaExceeded
from dataferry.core.settings import Settings
from dataferry.core.sizes import readable_bytes
from dataferry.uploads.models import Upload


class UploadQuota:
    """Keeps uploads within ``DATAFERRY_UPLOAD_QUOTA_BYTES`` and ``DATAFERRY_USER_UPLOAD_QUOTA_BYTES``. Those
    that come in pieces count from their announcement."""

    def __init__(self, settings: Settings) -> None:
        self._total = settings.upload_quota_bytes
        self._personal = settings.user_upload_quota_bytes

    def check(self, session: Session, user_id: str, size: int) -> None:
        """Whether ``size`` more bytes may come of a person. Errors: ``QuotaExceeded`` with the sums."""
        if self._total is not None:
            _check(session, size, self._total, "This server's quota of uploads")
        if self._personal is not None:
            _check(session, size, self._personal, "Your quota of uploads", user_id)


def _check(session: Session, size: int, quota: int, whose: str, user_id: str | None = None) -> None:
    query = select(func.coalesce(func.sum(Upload.file_size), 0))
    if user_id is not None:
        query = query.where(col(Upload.user_id) == user_id)
    used = int(session.exec(query).one() or 0)
    if used + size > quota:
        raise QuotaExceeded(
            f"{whose} is {readable_bytes(quota)}, {readable_bytes(used)} of it are used, and this needs"
            f" {readable_bytes(size)}.",
            next_step="Delete uploads that you do not need.",
        )
