"""What all downloads of one fetch share."""

from dataclasses import dataclass

from dataferry.transfer.archives.streaming_extract import StreamingExtraction
from dataferry.transfer.contract import Limits, Scheduler
from dataferry.transfer.files.progress import ProgressMeter
from dataferry.transfer.files.workdir import Workdir
from dataferry.transfer.files.write_gate import WriteGate
from dataferry.transfer.http.requester import Requester
from dataferry.transfer.limits.governor import Member


@dataclass(frozen=True, slots=True)
class DownloadContext:
    """Handed to every download. ``write_gate`` is closed when the fetch stops: nothing writes afterwards."""

    scheduler: Scheduler
    requester: Requester
    member: Member
    workdir: Workdir
    write_gate: WriteGate
    meter: ProgressMeter
    limits: Limits
    extraction: StreamingExtraction
