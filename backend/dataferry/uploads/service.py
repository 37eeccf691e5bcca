"""The services of uploads, made together."""

from dataclasses import dataclass

from dataferry.accounts.security import Secrets
from dataferry.core.db import Database
from dataferry.core.personal_data import PersonalData
from dataferry.core.settings import Settings
from dataferry.imaging.sandbox import Sandbox
from dataferry.library.additions.service import Additions
from dataferry.uploads.checking import UploadChecks
from dataferry.uploads.datasets import XrayDatasets
from dataferry.uploads.exports import UploadExports
from dataferry.uploads.own_uploads import OwnUploads
from dataferry.uploads.personal_data import uploads_data
from dataferry.uploads.quota import UploadQuota
from dataferry.uploads.reception import Reception
from dataferry.uploads.retention import UploadRetention
from dataferry.uploads.storage import UploadStorage


@dataclass(frozen=True, slots=True)
class Uploads:
    """Everything that is done with uploads."""

    reception: Reception
    own: OwnUploads
    exports: UploadExports
    retention: UploadRetention
    storage: UploadStorage
    personal_data: PersonalData
    datasets: XrayDatasets


def build_uploads(
    database: Database, settings: Settings, secrets: Secrets, sandbox: Sandbox, additions: Additions
) -> Uploads:
    """Nothing is opened or started yet."""
    storage = UploadStorage(settings.data_dir / "uploads", secrets, settings.min_free_bytes)
    checks = UploadChecks(database, settings, storage, sandbox)
    exports = UploadExports(database, storage, checks, sandbox)
    own = OwnUploads(database, storage, checks, sandbox)
    return Uploads(
        reception=Reception(database, storage, checks, sandbox, UploadQuota(settings)),
        own=own,
        exports=exports,
        retention=UploadRetention(database, settings, storage),
        storage=storage,
        personal_data=uploads_data(exports, storage),
        datasets=XrayDatasets(own, additions),
    )
