"""Words of what is kept, what goes, and who sees it."""

from dataferry.api.document.word import Word

_TIME = "2026-05-04T09:30:00Z"
_COUNTS = {
    "hidden_count": Word("Those of them that you may not see.", 0),
    "enough": Word("What was asked for is reached.", True),
    "pinned_count": Word("Datasets that stay because somebody has pinned them.", 2),
    "irreplaceable_count": Word(
        "Datasets that stay because no source has them: versioned ones and own data.", 0
    ),
    "busy_count": Word("Datasets that stay because they are being downloaded or read.", 0),
    "more": Word("There are more than one run removes: ask again.", False),
}

RETENTION_WORDS: dict[str, Word] = {
    **{f"{view}.{name}": word for view in ("PrunePlan", "Pruned") for name, word in _COUNTS.items()},
    "unused_days": Word("What was not used for so many days.", 30.0),
    "keep_bytes": Word("Only as much as leaves so many bytes.", 100_000_000_000),
    "quota_bytes": Word("What may be here in all, in bytes; null for no limit.", 500_000_000_000),
    "user_quota_bytes": Word("What one person may have, in bytes; null for no limit.", 100_000_000_000),
    "my_used_bytes": Word("Bytes of what is yours; equal files count once.", 84_125_825),
    "last_run_at": Word("When it ran last; null before its first run.", _TIME),
    "plan": Word("What it would remove now.", None),
    "only": Word("Ids of the plan's datasets: of these only.", ["ds_8a1b2c3d4e5f6a7b8c9d"]),
    "Prunable.id": Word("The id of its row in the library.", "ds_8a1b2c3d4e5f6a7b8c9d"),
    "make_room": Word("Beyond a quota: remove what was not used for the longest time.", False),
    "pinned": Word("Somebody wants it kept: clean-ups leave it.", False),
    "pinned_by_me": Word("You want it kept.", False),
    "visibility": Word("Who sees it: everybody here, or those with access of their own.", "restricted"),
    "shared": Word("It is shared with others.", False),
    "may_share": Word("You may share it.", True),
    "shares": Word("Whom it is shared with, as far as you may know.", None),
    "shared_by": Word("Who shares it.", "ada@example.org"),
    "shared_at": Word("Since when.", _TIME),
    "Share.email": Word("Whom it is shared with; null for everybody.", "bob@example.org"),
    "terms": Word("What its source may say against sharing it.", "Its terms may forbid passing it on."),
    "entries": Word("Entries, newest first.", None),
    "HistoryPage.total": Word("How many there are.", 12),
    "deleted_count": Word("Entries that are gone.", 12),
    "HistoryEntryView.at": Word("When it ended.", _TIME),
    "HistoryEntryView.kind": Word("What was done; `cleanup` by the automatic clean-up.", "download"),
    "HistoryEntryView.state": Word("Whether it came to that.", "succeeded"),
    "HistoryEntryView.dataset_id": Word(
        "The id of the row that it had in the library.", "ds_8a1b2c3d4e5f6a7b8c9d"
    ),
    "list_history.kind": Word("Of this kind only.", "download"),
    "list_history.state": Word("That ended so.", "succeeded"),
    "owner": Word("Whose chat it is, where somebody shares it with you; null for yours.", "ada@example.org"),
    "readers": Word("Who may read it, as far as you may know.", None),
    "ThreadReader.email": Word("Who may read it; null for everybody.", "bob@example.org"),
    "emails": Word("Addresses of accounts of this server.", ["bob@example.org"]),
    "everybody": Word("Everybody who has an account here, now or later.", False),
}
