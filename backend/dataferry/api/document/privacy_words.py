"""The words of a person's data: what is kept, and its erasure."""

from dataferry.api.document.word import Word

_TIME = "2026-11-30T09:30:00Z"

PRIVACY_WORDS: dict[str, Word] = {
    "erasure_id": Word("The erasure, as the answer that began it names it.", "erasure_1f0c9d2e7a5b4c3d8e6f"),
    "ErasureView.id": Word("Its name, for whoever began it.", "erasure_1f0c9d2e7a5b4c3d8e6f"),
    "ErasureView.requested_at": Word("When the account was locked.", _TIME),
    "ErasureView.finished_at": Word("When nothing was left; null until then.", _TIME),
    "HoldingView.part": Word("The part of Dataferry that keeps it.", "library"),
    "HoldingView.what": Word("Things of which kind.", "private datasets"),
    "HoldingView.count": Word("How many there are.", 3),
    "HoldingView.size_bytes": Word("Bytes on the disk; null where they are not counted.", 84_125_825),
    "HoldingView.stays": Word(
        "Why they are not erased, and whose they are then; null where they are.",
        "shared with others: bob@example.org has them then",
    ),
    "PersonalDataView.holdings": Word("What is kept, by kinds.", []),
    "PersonalDataView.last_admin": Word("There has to be another admin first.", False),
    "EraseMe.email": Word("The address of your account, typed to confirm it.", "ada@example.org"),
    "EraseMe.password": Word("Your password.", "correct horse battery"),
    "EraseAccount.email": Word("The address of the account that goes.", "bob@example.org"),
    "EraseAccount.password": Word("Your own, as an admin.", "correct horse battery"),
}
