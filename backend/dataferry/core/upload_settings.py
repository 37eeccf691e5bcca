"""The settings of uploads."""

from pathlib import Path
from typing import Any

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings


class UploadSettings(BaseSettings):
    """A part of ``Settings``."""

    upload_retention_days: float | None = Field(
        90.0, gt=0, description="Uploads are removed after so many days; empty: when their owner deletes them"
    )
    clamav_socket: Path | None = Field(
        None, description="Unix socket of ClamAV's clamd, which then looks at every upload"
    )

    @field_validator("upload_retention_days", "clamav_socket", mode="before")
    @classmethod
    def _empty_upload_setting_is_unset(cls, value: Any) -> Any:
        return None if value == "" else value
