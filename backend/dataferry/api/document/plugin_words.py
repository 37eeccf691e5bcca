"""The words of built-in datasets and their plugins."""

from dataferry.api.document.word import Word

_FILE = "/srv/dataferry/plugins/pets.py"

_IMAGE = "/api/datasets/builtin:mnist/samples/train/0/{}?revision=4bd1"

SAMPLE_WORDS: dict[str, Word] = {
    "SamplePage.task_type": Word("`classification`, `detection`, `text` or `table`.", "classification"),
    "SamplePage.splits": Word("The splits that the dataset has."),
    "SamplePage.split": Word("The split that the samples are of.", "train"),
    "SamplePage.classes": Word("Its classes, or the categories of its objects."),
    "SamplePage.total": Word("How many samples there are of what was asked for.", 60_000),
    "SamplePage.offset": Word("How many of them come before these.", 0),
    "SamplePage.samples": Word("The samples, in their order."),
    "SamplePage.form": Word("What its files are.", "image folder"),
    "SamplePage.notes": Word("What was left out, or why nothing is shown, a sentence each."),
    "SamplePage.here": Word(
        "Whether its files are on this machine; else they are shown from its source.", True
    ),
    "SamplePage.job": Word("The job that brings it, where nothing can be shown before."),
    "SampleClasses.split": Word("The split that is counted.", "train"),
    "SampleClasses.categories": Word("The classes, in the dataset's order."),
    "ClassNode.id": Word("Of WordNet, else the name of the class.", "n01443537"),
    "ClassNode.name": Word("What people call it.", "goldfish"),
    "ClassNode.is_class": Word("Whether images are labelled with it.", True),
    "ClassNode.parents": Word("Ids of what it is a kind of."),
    "ClassNode.children": Word("How many nodes are directly below it.", 0),
    "ClassNode.classes": Word("How many classes are at or below it.", 1),
    "ClassNode.count": Word("Images of these in the split; null where that is not known.", 500),
    "ClassNode.example": Word("A thumbnail of one of its images.", _IMAGE.format("thumbnail")),
    "list_classes.q": Word("What its name has.", "fish"),
    "Sample.id": Word("What `/api/images` calls its image.", "train-12"),
    "Sample.name": Word("Its file, or its place in one.", "train/cat/12.jpg"),
    "SampleBox.outlines": Word("Of its parts, where they are known: `x, y, x, y, …` in pixels each."),
    "SampleSplit.name": Word("The split.", "train"),
    "SampleSplit.total": Word("How many samples it has.", 60_000),
    "SampleSplit.labeled": Word("How many of them have a label.", 60_000),
    "SampleSplit.problem": Word("Why it cannot be read; null where it can.", "no such file"),
    "SampleClass.name": Word("The name of the class, or of the category.", "cat"),
    "SampleClass.count": Word(
        "How many samples of the split have it; null where each would be read for it.", 600
    ),
    "Sample.index": Word("Its number in the split, from 0.", 0),
    "Sample.image": Word("The address of its image; null where there is none.", _IMAGE.format("image")),
    "Sample.mask": Word(
        "The address of a transparent picture of its masks, to be laid over it.", _IMAGE.format("mask")
    ),
    "Sample.thumbnail": Word("The address of its image in small.", _IMAGE.format("thumbnail")),
    "Sample.width": Word("The image's width in pixels.", 28),
    "Sample.height": Word("The image's height in pixels.", 28),
    "Sample.label": Word("The name of its class; null where it has none.", "cat"),
    "Sample.boxes": Word("The objects in the image."),
    "Sample.row": Word("The fields of a text; null where it is an image.", {"question": "1 + 1?"}),
    "Sample.problem": Word("Why it cannot be shown; null where it can.", "0.png cannot be read."),
    "SampleBox.bbox": Word(
        "Left edge, upper edge, width and height, in pixels of the whole image.", [12.5, 8, 20, 16]
    ),
    "SampleBox.category_id": Word("The number of its category.", 17),
    "SampleBox.category": Word("The name of its category.", "cat"),
    "SampleBox.crowd": Word("It holds several objects, or was not labelled.", False),
    "list_samples.limit": Word("How many at most.", 60),
    "list_samples.offset": Word("How many to leave out before them.", 0),
    "list_samples.class": Word("A class, or a category of objects.", "cat"),
    "index": Word("The number of a sample in its split, from 0.", 0),
}

PLUGIN_WORDS: dict[str, Word] = {
    "Deletion.folders": Word(
        "The folders that it deletes; none where the files stay.", ["/data/builtin/_/iris/4bd1"]
    ),
    "list_datasets.registered": Word("With the built-in datasets that nobody has asked for.", False),
    **SAMPLE_WORDS,
    "SplitCount.total": Word("How many samples the split has, counted.", 60_000),
    "SplitCount.labeled": Word("How many of them have a label.", 60_000),
    "Splits.train": Word("To train with."),
    "Splits.val": Word("To validate with."),
    "Splits.test": Word("To test with."),
    "PluginList.plugins": Word("Every built-in dataset, by name."),
    "PluginList.faults": Word("Every plugin that is left out, and why."),
    "PluginView.name": Word("The dataset's name, unique among the built-in ones.", "mnist"),
    "PluginView.display_name": Word("Its name for people.", "MNIST"),
    "PluginView.task_type": Word("`classification`, `detection`, `text` or `table`.", "classification"),
    "PluginView.input_shape": Word("Channels, height, width; null where it has no images.", [1, 28, 28]),
    "PluginView.class_names": Word("Its classes, in the order of their labels.", ["cat", "dog"]),
    "PluginView.num_classes": Word("How many classes it has.", 10),
    "PluginView.sizes": Word("Samples by split, as declared.", {"train": 60_000, "val": 0, "test": 10_000}),
    "PluginView.normalization": Word(
        "Means and standard deviations by channel; null where there are none.", [[0.1307], [0.3081]]
    ),
    "PluginView.data_dirs": Word("The names of the folders that it owns.", ["mnist"]),
    "PluginView.license_note": Word("Whose word its licence is.", "Its authors say so on its page."),
    "PluginView.citation": Word("How to cite it.", "LeCun, Y. et al. (1998)."),
    "PluginView.homepage": Word("Its page.", "https://archive.ics.uci.edu/dataset/53/iris"),
    "PluginView.checksums_published": Word(
        "Its publisher tells a checksum of every file; else the first download records one.", True
    ),
    "PluginView.origin": Word(
        "Who brings it: this program, the plugins' folder, or another package.", "folder"
    ),
    "PluginView.file": Word("The file, or the entry point, that it was read from.", _FILE),
    "PluginView.card": Word("Its card: what of it is here, or under way for you."),
    "PluginFaultView.kind": Word("What kind of fault it is.", "import"),
    "PluginFaultView.file": Word("The file, or the entry point, of the plugin.", _FILE),
    "PluginFaultView.line": Word("The line of it; null where none is to blame.", 12),
    "PluginFaultView.name": Word("The dataset's name; null where it is not known.", "pets"),
}
