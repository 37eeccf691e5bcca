"""The part of a fetch that touches the network: connections, their bytes, and what follows them."""

import threading
from collections.abc import Callable, Iterable, Mapping

from dataferry.core.errors import Cancelled, DataferryError
from dataferry.core.types import DatasetRef, FileEntry
from dataferry.transfer.contract import FetchedFile, Limits
from dataferry.transfer.files.journal import Begun
from dataferry.transfer.files.part_file import Version
from dataferry.transfer.files.progress import INTERVAL_S, Meter
from dataferry.transfer.files.workdir import Partial
from dataferry.transfer.files.write_gate import Gate
from dataferry.transfer.http.client import HttpClient
from dataferry.transfer.http.requester import Asking
from dataferry.transfer.limits.governor import Member
from dataferry.transfer.ranged_download import Surroundings
from dataferry.transfer.scheduler import Lanes


class Bringing:
    """Brings files into the partial folder. Used once, by the thread that called ``fetch``.

    ``follow`` is told of archives whose first bytes are there.
    """

    def __init__(
        self,
        ref: DatasetRef,
        work: Partial,
        meter: Meter,
        member: Member,
        limits: Limits,
        follow: Callable[[FileEntry, Version], None],
    ) -> None:
        self._work = work
        self._meter = meter
        self._limits = limits
        self._gate = Gate()
        self._stopping = threading.Event()
        self._client = HttpClient(
            connections=limits.connections,
            connect_timeout=limits.connect_timeout_s,
            read_timeout=limits.stall_timeout_s,
        )
        self._around = Surroundings(
            asking=Asking(ref, self._client, member, self._go_on, self._pause, self._answered),
            member=member,
            work=work,
            gate=self._gate,
            meter=meter,
            limits=limits,
            proceed=self._go_on,
            landed=lambda entry, file: self._lanes.landed(entry, file),
            failed=lambda error, entry: self._lanes.failed(error, entry),
            moved=lambda: self._lanes.moved(),
            follow=follow,
            slow=lambda: self._lanes.slow(),
        )
        self._lanes: Lanes

    def run(
        self, files: Iterable[FileEntry], begun: Mapping[str, Begun], proceed: Callable[[], None]
    ) -> dict[str, FetchedFile]:
        """Fetch the files, and report until they are there. ``proceed`` raises to stop."""
        self._lanes = Lanes(files, begun, self._around)
        keeper = threading.Thread(target=self._keep, name="transfer-sync", daemon=True)
        try:
            self._lanes.start()
            keeper.start()
            while not self._lanes.wait(INTERVAL_S):
                proceed()
                self._meter.tick()
            proceed()
            return self._lanes.received()
        finally:
            self._stopping.set()
            self._client.hang_up()
            self._lanes.stop()
            self._gate.close()
            self._client.close()

    def _keep(self) -> None:
        """Every few seconds, make what has come outlast a power cut."""
        while not self._stopping.wait(self._limits.sync_s):
            try:
                self._lanes.sync()
                with self._gate:
                    self._work.journal.sync()
            except Cancelled:
                continue  # a file was begun anew, or the end has come
            except DataferryError as error:
                self._lanes.failed(error)

    def _answered(self, seconds: float) -> None:
        self._lanes.answered(seconds)

    def _go_on(self) -> None:
        if self._stopping.is_set():
            raise Cancelled

    def _pause(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise Cancelled
