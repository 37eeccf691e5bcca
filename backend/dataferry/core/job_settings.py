"""The settings of jobs and of what they transfer."""

from typing import Any

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from dataferry.core.time_window import format_time_window, parse_time_window


class JobSettings(BaseSettings):
    """A part of ``Settings``."""

    retries: int = Field(
        5, ge=0, description="Further attempts after transient faults in a row that brought nothing"
    )
    retry_delay_s: float = Field(30.0, ge=0, description="Pause between attempts")
    limit_delay_s: float = Field(
        3600.0, gt=0, description="Longest pause while a source's limit holds on; it may ask for a longer one"
    )
    patience_s: float = Field(
        86_400.0, gt=0, description="A job that waits and does not get on for so long is given up"
    )
    job_timeout_s: float = Field(36_000.0, gt=0, description="A job's limit: 10 hours")
    download_slots: int = Field(4, ge=1, description="Downloads at one time in a process")
    transfer_connections: int = Field(8, ge=1, le=64, description="Connections of one download")
    host_connections: int = Field(16, ge=1, le=1024, description="Connections to one host, of all processes")
    all_connections: int = Field(32, ge=1, le=4096, description="Connections of a process in all")
    bandwidth_bytes_per_s: int | None = Field(
        None, gt=0, description="Speed of all downloads together, in bytes; an admin may change it"
    )
    night: str | None = Field(None, description="Hours with a speed of their own, in local time: 22:00-06:00")
    night_bytes_per_s: int | None = Field(
        None, gt=0, description="The speed in these hours; without it there is no limit in them"
    )
    stall_timeout_s: float = Field(30.0, gt=0, description="A connection that gives no byte is replaced")
    poll_s: float = Field(0.25, gt=0, description="How often the job queue is looked at")
    reconcile_s: float = Field(10.0, gt=0, description="How often rows and workflows are compared")
    drain_s: float = Field(10.0, ge=0, description="What SIGTERM gives running jobs to stop")
    progress_hz: float = Field(4.0, gt=0, le=20, description="Progress events a second, at most")

    @field_validator("bandwidth_bytes_per_s", "night", "night_bytes_per_s", mode="before")
    @classmethod
    def _empty_job_setting_is_unset(cls, value: Any) -> Any:
        return None if value == "" else value

    @field_validator("night")
    @classmethod
    def _known_hours(cls, value: str | None) -> str | None:
        return None if value is None else format_time_window(parse_time_window(value))
