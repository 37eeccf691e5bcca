"""Words of checks of datasets' files, and of newer revisions: see ``vocabulary``."""

from dataferry.api.document.word import Word

_TIME = "2026-05-04T09:30:00Z"

CHECK_WORDS: dict[str, Word] = {
    "condition": Word("What the last check of its files found; null where none are here.", "whole"),
    "verified_at": Word("When every byte was last compared with its checksum, after its download.", _TIME),
    "verified_at_ms": Word(
        "When every byte was last compared, after its download, in milliseconds since 1970.",
        1_777_887_000_000,
    ),
    "may_verify": Word("Its bytes can be compared with their checksums now.", True),
    "may_repair": Word("Files of it are missing or changed, and can be downloaded again.", False),
    "checked_at": Word("When it was checked.", _TIME),
    "whole_count": Word("Files that are as they were verified.", 4),
    "counts": Word("How many files have each fault.", None),
    "faults": Word("Files with a fault, as they were found.", None),
    "more_faults": Word("There are more than are listed.", False),
    "CheckReport.depth": Word(
        "`download`: nothing was found since they came; `look`: sizes, times and inodes were compared;"
        " `full`: every byte was hashed.",
        "full",
    ),
    "CheckReport.source": Word("Whether its source publishes the same checksums now.", "agrees"),
    "source_note": Word("Why its source says nothing of them.", "It publishes no checksums."),
    "CheckReport.next_step": Word("What mends it; null where nothing need be done.", "Repair it."),
    "outdated": Word("Its source has a newer revision, which nobody has declined.", False),
    "newest_revision": Word("The newest at its source, as far as is known.", "e6281661ce1c48d9"),
    "changed": Word("There is a newer revision that nobody has declined.", False),
    "declined": Word("The newest revision was declined: this one is kept.", False),
    "newest_here": Word("The newest revision is here too.", False),
    "asked_at": Word("When its source was last asked; null where it was not.", _TIME),
    "fresh": Word("Ask the source now.", False),
    "FileFault.fault": Word("What is wrong with it.", "missing"),
    "FaultCounts.missing": Word("There is nothing.", 0),
    "FaultCounts.changed": Word("Other bytes, or something that is no file.", 0),
    "FaultCounts.unreadable": Word("The disk or its rights keep it from being read.", 0),
    "FaultCounts.touched": Word("Written to since it was verified, and not compared yet.", 0),
    "FaultCounts.foreign": Word("None of the dataset's.", 0),
    "FaultCounts.source_differs": Word("Its source publishes another checksum now.", 0),
}
