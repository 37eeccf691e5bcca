"""The server's words, said as the shell would say them.

A problem tells what to do to whoever asked: by the API, on the page, or here. What has another name here is
given that name. ``tests/unit/test_wording.py`` reads every text of the program for what was forgotten.
"""

import re

#: What is said → what it is called in the shell. The first that matches a place counts.
_WORDS = {
    r"Correct what is named and send it again\.": "Correct it, then run the command again.",
    r"/api/docs lists what there is\.": "`dataferry --help` lists the commands.",
    r"/api/docs says what a request must be\.": "`dataferry --help` shows what there is.",
    r"Search for it and download it first\.": "`dataferry download` brings it.",
    r"The Downloads page lists yours\.": "`dataferry jobs` lists yours.",
    r"Make one under Settings, Tokens\.": "`dataferry tokens create` makes one.",
    r"Make one of the scope (\S+) under Settings, Tokens\.": r"`dataferry tokens create --scope \1` does.",
    r"Look at the file list\.": "`dataferry library REF` lists its files.",
    r"Choose one from its file list\.": "`dataferry library REF` lists its files.",
    r"Repair the dataset: what is missing or changed is downloaded again\.": (
        "`dataferry library verify REF --repair` downloads again what is missing or changed."
    ),
    r"or fetch with replace\.": "or download with --force.",
    r"or name the source\.": "or name it with --source.",
    r"\bwith make_room\b": "with --make-room",
    r"\bwith keep_archives\b": "with --keep-archives",
    r"Choose (an empty|another) folder as download_path\.": r"Choose \1 folder with --to.",
    r"Choose (its )?files by name or pattern": r"Choose \1files with --files, by name or pattern",
    r"\b(Do it )?on the page under Settings": r"\1in Settings of the page that `dataferry serve` serves",
    r"\bunder Settings\b": "in Settings of the page that `dataferry serve` serves",
    r"\bdataset_id\b": "REF",
    r"\bsources(\.\d+)?: ": "--source: ",
    r"\b(limit|revision|config|split|files)(\.\d+)*: ": r"--\1: ",
    r"\bfilters\.(license|format): ": r"--\1: ",
    r"\bfilters\.max_bytes: ": "--max-size: ",
    r"\bdownload_path: ": "--to: ",
    r"\bbytes_per_s: ": "speed: ",
}


def for_shell(text: str) -> str:
    """``text`` of a problem with the names that things have in the shell."""
    for said, here in _WORDS.items():
        text = re.sub(said, here, text)
    return text


def sentence(text: str) -> str:
    """``text`` with a full stop, where it has no end."""
    return text if not text or text.endswith((".", "?", "!", ":", "…", "`")) else f"{text}."
