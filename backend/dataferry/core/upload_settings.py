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
    upload_quota_bytes: int | None = Field(None, gt=0, description="All uploads; by default no quota")
    user_upload_quota_bytes: int | None = Field(None, gt=0, description="One person's uploads, in all")
    clamav_socket: Path | None = Field(
        None, description="Unix socket of ClamAV's clamd, which then looks at every upload"
    )

    analysis_models_dir: Path | None = Field(
        None,
        description="ONNX models for uploads, in folders xray, traffic and medical; by default models in the"
        " data folder",
    )
    pneumonia_model: Path | None = Field(None, description="An ONNX model for X-rays: docs/analysis.md")
    vehicles_model: Path | None = Field(None, description="An ONNX model that finds vehicles in traffic")
    signs_model: Path | None = Field(None, description="An ONNX model that finds traffic signs")
    model_catalog: Path | None = Field(
        None,
        description="TOML file of models that an admin may download with a click; by default models.toml in"
        " the data folder",
    )
    analysis_timeout_s: float = Field(120.0, gt=0, description="How long a model may take for one upload")
    analysis_memory_bytes: int = Field(
        4 << 30, ge=1 << 30, description="Memory that a model may take, address space included"
    )

    @field_validator(
        *("upload_retention_days", "upload_quota_bytes", "user_upload_quota_bytes"),
        *("clamav_socket", "analysis_models_dir", "model_catalog"),
        *("pneumonia_model", "vehicles_model", "signs_model"),
        mode="before",
    )
    @classmethod
    def _empty_upload_setting_is_unset(cls, value: Any) -> Any:
        return None if value == "" else value
