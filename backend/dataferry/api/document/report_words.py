"""Words of a dataset's images, their figures and their faults: see ``vocabulary``."""

from dataferry.api.document.word import Word

_TWICE = "Copies of one picture: 12 images in 6 groups."
_CHECKED = ["Images that are there twice"]

REPORT_WORDS: dict[str, Word] = {
    "list_samples_of_class.class_id": Word("`id` of the list of classes, or its name.", "n01443537"),
    "get_image_of_class.class_id": Word("`id` of the list of classes, or its name.", "n01443537"),
    "get_image_of_class.image_id": Word("`id` of the list of samples, or its file's name.", "train-12"),
    "get_image.image_id": Word("`id` of the list of samples, or its file's name.", "train-12"),
    "list_classes.parent": Word("Those below this node of WordNet, or below `root`.", "n00015388"),
    "ClassNode.parents": Word("Ids of what it is a kind of.", ["n02512053"]),
    "SampleBox.outlines": Word("Of its parts, where they are known: x, y, x, y, …", [[1.0, 1.0, 9.0, 1.0]]),
    "SamplePage.notes": Word("What was left out of it.", ["2 labels have no image."]),
    "BytesOf.made_at": Word("When it was computed.", "2026-05-04T10:00:00Z"),
    "DatasetStatistics.current": Word("They are of the bytes that are here now.", True),
    "DatasetStatistics.of": Word("Which bytes they are of."),
    "DatasetStatistics.groups": Word("Each split of images, their boxes, and each table."),
    "StatisticsGroup.name": Word("The split or the table.", "train"),
    "StatisticsGroup.of": Word("What it counts.", "images"),
    "StatisticsGroup.columns": Word("Each property of them, as a column of a table."),
    "StatisticsGroup.classes": Word("How many each class has."),
    "StatisticsGroup.channels": Word("Of each channel of the images."),
    "StatisticsGroup.unreadable": Word("Images that could not be read, and are in no figure.", 0),
    "ChannelStatistics.name": Word("The channel.", "red"),
    "ChannelStatistics.deviation": Word("Its standard deviation, 0 to 255.", 58.4),
    "ChannelStatistics.sampled": Word("Of how many images.", 2000),
    "DatasetHealth.current": Word("It is of the bytes that are here now.", True),
    "DatasetHealth.of": Word("Which bytes it is of."),
    "DatasetHealth.findings": Word("What was found."),
    "DatasetHealth.checked": Word("What was looked for, found or not.", _CHECKED),
    "DatasetHealth.unchecked": Word("What could not be looked for, and why.", ["Its labels: it has none."]),
    "Finding.members": Word("How many are in its groups in all.", 12),
    "Finding.says": Word("In one line, with the figures by which it was judged.", _TWICE),
    "HealthOutput.report": Word("What was found, and what was looked for."),
    "FindingGroup.members": Word("Copies of one picture, or one member alone."),
    "FindingGroup.more": Word("How many more members it has than are listed.", 0),
    "FindingPage.finding": Word("What was found."),
    "FindingPage.groups": Word("Its groups, in their order."),
    "Member.name": Word("Its file, or its place in a table: untrusted text.", "train/cat/1.jpg"),
}
