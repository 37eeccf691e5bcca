"""Words of datasets that people add themselves."""

from dataferry.api.document.word import Word

_ID = "add_1f0c9d2e7a5b4c3d8e6f"
_TIME = "2026-05-04T09:30:00Z"
_NAME = "Leaves of 2026"

ADDITION_WORDS: dict[str, Word] = {
    "addition_id": Word("The addition's id.", _ID),
    "AdditionRequest.name": Word("What the dataset is called; its id follows from it.", _NAME),
    "AdditionRequest.to": Word("A dataset of yours that gets another revision.", "upload:anna/leaves"),
    "AdditionRequest.mode": Word("What becomes of its files.", "new"),
    "AdditionRequest.description": Word("What it is, in a few words.", "Photographs of leaves, by kind."),
    "AdditionRequest.license": Word("A licence's name, or your own words.", "CC-BY-4.0"),
    "AdditionRequest.file_count": Word("Files that will come.", 1200),
    "AdditionRequest.size": Word("Bytes that will come.", 84_000_000),
    "AnnouncedFile.path": Word("Below the folder, with slashes.", "oak/0001.jpg"),
    "AnnouncedFile.size": Word("In bytes.", 70_211),
    "AnnouncedFile.stamp": Word("Any text that changes with the file.", "1777900000000"),
    "ArrivedFile.path": Word("As announced.", "oak/0001.jpg"),
    "ArrivedFile.offset": Word("Bytes that are here.", 65_536),
    "ArrivedFile.complete": Word("All of it is here.", False),
    "ArrivedFiles.arrived": Word("What is here of the page's files; those of which nothing is are left out."),
    "FilesRequest.files": Word("At most 5000; an empty page is fine."),
    "AdditionView.id": Word("Its id.", _ID),
    "AdditionView.title": Word("As its owner calls it.", _NAME),
    "AdditionView.license": Word("As its owner says.", "CC-BY-4.0"),
    "AdditionView.file_count": Word("Files in all, as announced.", 1200),
    "AdditionView.size": Word("Bytes in all, as announced.", 84_000_000),
    "AdditionView.files_here": Word("Files that have arrived.", 700),
    "AdditionView.bytes_here": Word("Bytes that have arrived, of whole files.", 49_000_000),
    "AdditionView.job_id": Word("Of the job that brings it into the library.", "job_1f0c9d2e7a5b4c3d8e6f"),
    "AdditionView.created_at": Word("When it was begun.", _TIME),
    "AdditionView.kept_until": Word("It is removed then, if nothing more of it arrives.", _TIME),
    "LabelledXray.id": Word("The upload's id.", "upload_1f0c9d2e7a5b4c3d8e6f"),
    "LabelledXray.class_name": Word("What it shows, as you say; null for unlabelled.", "PNEUMONIA"),
    "XrayDataset.name": Word("What the dataset is called.", "Chest X-rays"),
    "XrayDataset.to": Word("A dataset of yours that they come to.", "upload:anna/chest-x-rays"),
    "XrayDataset.images": Word("At most 100 at a time."),
    "Received.files_here": Word("Files that have arrived.", 700),
    "Received.bytes_here": Word("Bytes that have arrived, of whole files.", 49_000_000),
}
