"""One error tree. The status is on the class; the message says what, why and the next act.

    DataferryError
    ├── InvalidInput 422 ── OutsideStore, PrivateAddress, KeyUsed
    ├── NotSignedIn 401
    ├── Forbidden 403 ── GatedDataset, InsufficientScope, ConsentNeeded
    ├── NotFound 404 ── NoImages, Unreadable
    ├── Conflict 409 ── FolderBusy, RoomReserved, StillAnswering, WrongOffset
    ├── UpgradeRequired 426
    ├── BadImage 400 ── BadUpload, InfectedFile
    ├── UploadTooLarge 413
    ├── SealBroken 500                   bytes of an encrypted file were changed
    ├── ScanFailed 503                   the virus scanner does not answer
    ├── TooManyRequests 429
    ├── UnknownHost 421
    ├── SourceError 502                  a hub did not give what was asked
    │   ├── SourceTimeout 504
    │   ├── SourceUnreachable 502        network fault, 5xx
    │   ├── SourceRateLimited 429
    │   ├── SourceNotConfigured 503      refuses without credentials
    │   ├── CredentialRejected 503       refuses ours (never 401: that is our own token)
    │   └── SourceProtocolError 502      answers garbage
    ├── TransferError 502                bytes did not arrive as promised
    │   ├── NetworkFault 502
    │   ├── ChecksumMismatch 502 ── DamagedFile    broken inside, though it arrived whole
    │   ├── ContentChanged 502           the file changed at its source
    │   └── UnsafeArchive 422
    ├── ModelError 502                   the language model cannot be asked
    │   ├── ModelKeyRejected 422
    │   ├── UnknownModel 422
    │   ├── ModelLimited 429
    │   └── ModelUnreachable 502
    ├── PluginFailed 500                 the code of a built-in dataset raised something
    ├── DatabaseAway 503 ── DatabaseFull    our own database takes nothing for now
    ├── QueryTooLarge 422                   of a table, in time or memory
    ├── DiskFull 507
    ├── QuotaExceeded 507 ── RoomNeeded    something may be removed for it
    ├── StoreNotWritable 507
    └── ConfigError ── DatabaseUnusable    stops the start with one line

``Cancelled`` is not an error and stands apart.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar


class DataferryError(Exception):
    """Base of everything that a user may be told.

    ``detail`` is a readable sentence; ``next_step`` the act that mends it, where the raiser knows one
    better than the usual one of its kind; ``retry_after`` seconds to wait before it can work. ``link``
    leads to a page elsewhere where it is done; ``screen`` to one of our own (``/settings/sources#kaggle``),
    and ``setting`` names what an operator would set in its place.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong"
    #: What mends most errors of this kind.
    usual_step: ClassVar[str] = "Try again; if it stays so, look into the server's log."
    #: Seconds after which most errors of this kind are worth another try.
    usual_wait: ClassVar[float | None] = None
    #: The screen where most errors of this kind are mended.
    usual_screen: ClassVar[str | None] = None
    #: Worth another attempt with nothing changed; as its class says, unless an error says otherwise.
    transient: bool = False
    #: A person may try again as it is: what mends it can have happened elsewhere, without our knowing.
    retryable: ClassVar[bool] = True

    def __init__(
        self,
        detail: str,
        *,
        next_step: str | None = None,
        retry_after: float | None = None,
        link: str | None = None,
        screen: str | None = None,
        setting: str | None = None,
        transient: bool | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.next_step = next_step or self.usual_step
        # A program that uses this package as a library, and its reader, see a traceback.
        self.add_note(f"{self.next_step} {link or ''}".rstrip())
        self.retry_after = self.usual_wait if retry_after is None else retry_after
        self.link = link
        self.screen = screen or self.usual_screen
        self.setting = setting
        if transient is not None:
            self.transient = transient


class InvalidInput(DataferryError):
    status, code, title = 422, "invalid_input", "The request cannot be used as it is"
    usual_step = "Correct what is named and send it again."
    retryable = False


class KeyUsed(InvalidInput):
    code, title = "idempotency_key_used", "The Idempotency-Key was used for another request"
    usual_step = "Make a new key for each new request."


class OutsideStore(InvalidInput):
    code, title = "outside_store", "The path lies outside the store"
    usual_step = "Name a folder inside the store."


class PrivateAddress(InvalidInput):
    code, title = "private_address", "The link leads to a private address"


class NotSignedIn(DataferryError):
    status, code, title = 401, "not_signed_in", "Sign in first"
    usual_step = "Sign in, then try again."
    retryable = False


class Forbidden(DataferryError):
    status, code, title = 403, "forbidden", "Not allowed"
    usual_step = "Ask an admin of this server."
    retryable = False


class UnknownHost(DataferryError):
    status, code, title = 421, "unknown_host", "The server has another name"


class GatedDataset(Forbidden):
    code, title = "gated", "The dataset's terms are not accepted yet"
    usual_step = "Accept its terms at the source, then try again."


class InsufficientScope(Forbidden):
    """The person may, but not the token."""

    code, title = "insufficient_scope", "The token may not do that"


class ConsentNeeded(Forbidden):
    """A person has not agreed to how their medical images are kept, or has taken that back."""

    code, title = "consent_needed", "Your consent is needed first"
    usual_step = "Read what happens with medical images under Uploads, and agree."
    usual_screen = "/uploads"


class NotFound(DataferryError):
    status, code, title = 404, "not_found", "Not found"
    usual_step = "Check the name."
    retryable = False


class NoImages(NotFound):
    code, title = "no_images", "There is no picture to see"


class Unreadable(NotFound):
    code, title = "unreadable", "The file cannot be shown"


class Conflict(DataferryError):
    status, code, title = 409, "conflict", "Something else is in the way"
    usual_step = "Wait until that is done, then try again."


class StillAnswering(Conflict):
    """The first request with this ``Idempotency-Key`` is at work."""

    code, title, transient = "idempotency_in_progress", "The first request with this key is at work", True
    usual_step = "Send it again in a moment: it then gets the first one's answer."
    usual_wait = 1.0


class FolderBusy(Conflict):
    """Another download holds the working folder; ``retry_after`` says when to look again."""

    code, title, transient = "folder_busy", "Another download is at work there", True


class RoomReserved(Conflict):
    """Downloads under way are to take the room on the disk that another one needs: it waits for them."""

    code, title, transient = "room_reserved", "Other downloads need the room on the disk", True
    usual_step = "It goes on by itself. Delete something, or cancel another download, if it should be sooner."
    usual_screen = "/library"


class WrongOffset(Conflict):
    """An upload goes on where its kept bytes end, and nowhere else."""

    code, title = "wrong_offset", "The upload goes on at another byte"
    usual_step = "Ask how many bytes are kept, and go on there."


class UpgradeRequired(DataferryError):
    status, code, title = 426, "upgrade_required", "The address is a WebSocket"
    usual_step = "Open it as one, with a ticket of POST /api/auth/ws-ticket."
    retryable = False


class TooManyRequests(DataferryError):
    """``headers`` tell of the limit."""

    status, code, title = 429, "too_many_requests", "Too many requests"
    usual_step = "Wait, then try again."

    def __init__(self, detail: str, *, headers: Mapping[str, str] | None = None, **words: Any) -> None:
        super().__init__(detail, **words)
        self.headers = dict(headers or {})


class BadImage(DataferryError):
    status, code, title, retryable = 400, "bad_image", "The file is no image that can be used", False
    usual_step = "Choose a DICOM, JPEG, PNG or TIFF file that opens elsewhere."


class BadUpload(BadImage):
    code, title = "bad_upload", "The upload cannot be read"
    usual_step = "Upload it again."


class InfectedFile(BadImage):
    code, title = "infected_file", "The virus scanner refuses the file"
    usual_step = "Look at it with a virus scanner on your own machine."


class UploadTooLarge(DataferryError):
    status, code, title, retryable = 413, "upload_too_large", "The upload is too large", False
    usual_step = "Choose a smaller file, or fewer at a time."


class SealBroken(DataferryError):
    status, code, title, retryable = 500, "seal_broken", "The stored file was changed", False
    usual_step = "Delete it and upload it again."


class ScanFailed(DataferryError):
    status, code, title = 503, "scan_failed", "The virus scanner does not answer"
    usual_step = "Ask an admin of this server to look at the scanner, then try again."


class SourceError(DataferryError):
    status, code, title = 502, "source_error", "The source did not answer as it should"
    usual_step = "Try again later."


class SourceTimeout(SourceError):
    status, code, title, transient = 504, "source_timeout", "The source took too long", True


class SourceUnreachable(SourceError):
    code, title, transient = "source_unreachable", "The source cannot be reached", True


class SourceRateLimited(SourceError):
    status, code, title, transient = 429, "source_rate_limited", "The source's limit is used up", True


class SourceNotConfigured(SourceError):
    status, code, title, retryable = 503, "source_not_configured", "The source is not configured", False


class CredentialRejected(SourceError):
    status, code, title, retryable = 503, "credential_rejected", "The source refuses the credentials", False


class SourceProtocolError(SourceError):
    code, title = "source_protocol", "The source's answer cannot be read"


class TransferError(DataferryError):
    status, code, title = 502, "transfer", "The download did not finish"
    usual_step = "Try again; what has arrived whole is kept."


class NetworkFault(TransferError):
    code, title, transient = "network", "The connection failed", True


class ChecksumMismatch(TransferError):
    code, title, transient = "checksum_mismatch", "The bytes are not what the source promised", True


class DamagedFile(ChecksumMismatch):
    status, code, title, transient = 422, "damaged_file", "The file is damaged inside", False


class ContentChanged(TransferError):
    code, title, transient = "content_changed", "The file changed at its source", True


class UnsafeArchive(TransferError):
    status, code, title, retryable = 422, "unsafe_archive", "The archive is not safe to unpack", False


class ModelError(DataferryError):
    status, code, title = 502, "model", "The language model cannot be used"
    usual_step = "Try again, or choose another model."


class ModelKeyRejected(ModelError):
    status, code, title, retryable = 422, "model_key_rejected", "The model refuses the key", False
    usual_step = "Paste the key again, or make a new one."


class UnknownModel(ModelError):
    status, code, title, retryable = 422, "unknown_model", "There is no such model", False
    usual_step = "Choose another model."


class ModelLimited(ModelError):
    status, code, title = 429, "model_rate_limited", "The model's limit is used up"
    usual_step = "Wait until it is free again, or use a key with another limit."


class ModelUnreachable(ModelError):
    code, title = "model_unreachable", "The model cannot be reached"
    usual_step = "Check the server's network connection, then try again."


class PluginFailed(DataferryError):
    code, title = "plugin_failed", "The dataset's plugin failed"
    usual_step = "Mend the plugin: dataferry validate tells more."


class QueryTooLarge(DataferryError):
    status, code, title, retryable = 422, "query_too_large", "The query takes more than it may", False
    usual_step = "Choose fewer rows with a filter first."


class DiskFull(DataferryError):
    status, code, title = 507, "disk_full", "Not enough free disk space"
    usual_step = "Free some space, then try again."
    usual_screen = "/library"


class QuotaExceeded(DataferryError):
    status, code, title = 507, "quota_exceeded", "The quota is used up"
    usual_step = "Unpin or delete something, then try again."
    usual_screen = "/library/clean-up"


class RoomNeeded(QuotaExceeded):
    """What was not used for the longest time would have to go first."""

    code, title = "room_needed", "Something has to be removed first"
    usual_step = "Let that be removed with make_room, or delete something else first."


class StoreNotWritable(DataferryError):
    status, code, title = 507, "store_not_writable", "The downloads folder cannot be written"
    usual_step = "Ask an admin: the server's user must be able to write there."


class DatabaseAway(DataferryError):
    """Nothing of what was asked is stored."""

    status, code, title, transient = 503, "database_away", "The database cannot be used now", True
    usual_step = "Wait a moment, then try again."
    usual_wait = 5.0


class DatabaseFull(DatabaseAway):
    code, title = "database_full", "The database's disk is full"
    usual_step = "Ask an admin: the data folder needs free space. Then try again."


class ConfigError(DataferryError):
    code, title = "config", "A setting is wrong"
    usual_step = "Correct it, then start again."
    retryable = False


class DatabaseUnusable(ConfigError):
    """It is damaged, or a newer version has made it."""

    code, title = "database_unusable", "The database cannot be used"
    usual_step = "Put a backup in its place, or set DATAFERRY_DATA_DIR to another folder."


def kind_of(code: str) -> type[DataferryError]:
    """The class of an error by its code; the base class for an unknown code."""

    def descendants(kind: type[DataferryError]) -> Iterator[type[DataferryError]]:
        yield kind
        for child in kind.__subclasses__():
            yield from descendants(child)

    return next((kind for kind in descendants(DataferryError) if kind.code == code), DataferryError)


class Cancelled(Exception):
    """The work was asked to stop and did; what it had made is resumable or gone."""
