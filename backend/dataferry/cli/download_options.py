"""What ``dataferry download`` is asked for, as the API takes it."""

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from dataferry.cli.completion import offer_refs, offer_sources

#: What names a dataset: ``core.hub_addresses`` reads it.
REF_HELP = "source:id, its page's address, a link to a file, or owner/name with --source."
#: What names a dataset of the library.
Name = Annotated[str, typer.Argument(help="A dataset: its ref, key or alias.", autocompletion=offer_refs)]
Source = Annotated[
    str | None,
    typer.Option(
        help="kaggle, huggingface, builtin or url, where REF does not say it.", autocompletion=offer_sources
    ),
]
Revision = Annotated[str | None, typer.Option(help="A version, branch or commit; by default the newest.")]
Files = Annotated[
    list[str] | None,
    typer.Option("--files", "--file", help="Only this file, or '*.csv' as in .gitignore; repeatable."),
]
Include = Annotated[
    list[str] | None,
    typer.Option("--include", metavar="GLOB", help="Only what matches, such as 'data/*'; repeatable."),
]
Exclude = Annotated[
    list[str] | None, typer.Option("--exclude", metavar="GLOB", help="Nothing that matches; repeatable.")
]
Config = Annotated[str | None, typer.Option(help="Only this config, where the source knows them.")]
Split = Annotated[str | None, typer.Option(help="Only this split, such as train.")]
KeepArchives = Annotated[
    bool, typer.Option("--keep-archives", help="Leave archives beside what was in them.")
]
To = Annotated[str | None, typer.Option(metavar="DIR", help="A folder inside the store to link it into.")]
LocalDir = Annotated[
    str | None,
    typer.Option(
        "--local-dir",
        metavar="DIR",
        help="Put the files into any folder of yours too: links where the disk allows, else verified copies.",
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would come and what is here, and start nothing.")
]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Fetch afresh; with --local-dir, replace files that differ.",
    ),
]

MakeRoom = Annotated[
    bool,
    typer.Option("--make-room", help="Beyond a quota, remove what was not used for the longest time."),
]


@dataclass(frozen=True)
class DownloadOptions:
    """Everything but the dataset's name: the same for each of several."""

    source: str | None = None
    revision: str | None = None
    files: list[str] | None = None
    include: list[str] | None = None
    exclude: list[str] | None = None
    config: str | None = None
    split: str | None = None
    keep_archives: bool = False
    to: str | None = None
    force: bool = False
    local_dir: str | None = None
    make_room: bool = False

    def body(self, ref: str) -> dict[str, Any]:
        """The request for one dataset."""
        return {
            "dataset_id": ref,
            "source": self.source,
            "revision": self.revision,
            "files": self.files or None,
            "include": self.include or None,
            "exclude": self.exclude or None,
            "config": self.config,
            "split": self.split,
            "keep_archives": self.keep_archives,
            "download_path": self.to,
            # With a folder it is that one's files that are replaced.
            "force_download": self.force and self.local_dir is None,
            "make_room": self.make_room,
        }
