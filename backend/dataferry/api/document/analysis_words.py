"""Words of what is said of uploads."""

from dataferry.api.document.word import Word

_ID = "upload_1f0c9d2e7a5b4c3d8e6f"
_TIME = "2026-05-04T09:30:00Z"
_SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_NAME, _VERSION, _LICENCE = "chest-classifier", "1.2", "Apache-2.0"

_ANALYSIS = {
    "upload_id": Word("The upload's id.", _ID),
    "category": Word("What it shows.", "xray"),
    "state": Word("How far it is.", "ready"),
    "current": Word("It is of the upload's bytes, and of the models that there are now."),
    "of": Word("Of which bytes it is, and when; null before there is anything."),
    "job": Word("What is at work, or has ended before it was done."),
    "model": Word("The models that have looked at it; `none` where there is none.", "none"),
    "models": Word("What became of each model."),
    "findings": Word("What was found in it."),
    "width": Word("In pixels, upright.", 1024),
    "height": Word("In pixels, upright.", 1024),
    "quality": Word("How good the picture is, in words."),
    "nearest": Word("The samples of a dataset that are most like it."),
    "notes": Word("What was not looked for.", ["Pneumonia was not looked for: no model is set up."]),
}
_RUN = {
    "slot": Word("Where the model is named.", "folder"),
    "file": Word("Its file.", "chest.onnx"),
    "name": Word("The name that it declares, or its file's.", _NAME),
    "version": Word("The version that it declares, or the beginning of its SHA-256.", _VERSION),
    "task": Word("What it does, as it declares.", "classification"),
    "licence": Word("Its licence, as it declares.", _LICENCE),
    "prepared": Word("How the picture was given to it.", "224 × 224 pixels, grey"),
    "problem": Word("Why it said nothing.", "Its metadata have no labels: add `labels`."),
}
_FINDING = {
    "id": Word("The finding's id.", "finding_1f0c9d2e7a5b4c3d8e6f"),
    "kind": Word("Of the whole picture, or of a box in it.", "box"),
    "label": Word("What was found.", "pedestrian, classical"),
    "confidence": Word("The model's own, 0 to 1; null where it has none.", 0.93),
    "box": Word("x, y, width and height in pixels, upright; null of the whole.", [10.0, 20.0, 64.0, 128.0]),
    "by": Word("The model or method that found it."),
}
_CATALOG = {
    "name": Word("Its name in the admin's list.", _NAME),
    "category": Word("Whose uploads it looks at.", "xray"),
    "url": Word("Where it comes from.", "https://models.example.org/chest.onnx"),
    "sha256": Word("The checksum that it must have.", _SHA),
    "licence": Word("Its licence, as the admin's list says.", _LICENCE),
    "size": Word("In bytes.", 9_876_543),
    "here": Word("It is in the folder of models."),
    "job": Word("What brings it."),
}
_LIKE = {
    "split": Word("The split that it is in.", "train"),
    "number": Word("Its place in the split.", 12),
    "name": Word("Its file: untrusted text.", "train/NORMAL/1.jpeg"),
    "label": Word("Its class: untrusted text.", "NORMAL"),
    "differing_bits": Word("Of the 128 of their fingerprints.", 9),
    "alike": Word("Correlation of their small greys, 1 at most.", 0.97),
    "thumbnail": Word("Its picture, small.", "/api/datasets/kitti/samples/train/12/thumbnail"),
    "image": Word("Its picture.", "/api/datasets/kitti/samples/train/12/image"),
}
_NEAREST = {
    "key": Word("The dataset's key.", "builtin:kitti"),
    "title": Word("What the dataset is called.", "KITTI object detection"),
    "state": Word("Whether its images are measured.", "ready"),
    "job": Word("What measures them."),
    "reason": Word("Why there is nothing to compare with.", "KITTI object detection is not here."),
    "next_step": Word("What would mend that.", "Download it to compare."),
    "compared": Word("How many of its images were compared.", 5856),
    "samples": Word("The nearest, the most alike first."),
}
_OPERATIONS = ("analyze_upload", "get_upload_analysis", "start_upload_analysis")

ANALYSIS_WORDS: dict[str, Word] = {
    **{f"{operation}.category": Word("What it shows.", "xray") for operation in _OPERATIONS},
    "analyze_upload.dataset": Word("A dataset of yours to compare it with.", "chest-xray"),
    "get_upload_analysis.dataset": Word("A dataset of yours to compare it with.", "chest-xray"),
    "download_analysis_model.name": Word("Its name in the admin's list.", _NAME),
    **{f"UploadAnalysis.{name}": word for name, word in _ANALYSIS.items()},
    **{f"ModelRun.{name}": word for name, word in _RUN.items()},
    **{f"UploadFinding.{name}": word for name, word in _FINDING.items()},
    **{f"CatalogModel.{name}": word for name, word in _CATALOG.items()},
    **{f"LikeSample.{name}": word for name, word in _LIKE.items()},
    **{f"LikeSamples.{name}": word for name, word in _NEAREST.items()},
    "AnalysedBytes.sha256": Word("Of the upload's content.", _SHA),
    "AnalysedBytes.made_at": Word("When.", _TIME),
    "FoundBy.name": Word("Its name.", _NAME),
    "FoundBy.version": Word("Its version.", _VERSION),
    "LabelScore.label": Word("One of its labels.", "NORMAL"),
    "LabelScore.confidence": Word("What it gives that, 0 to 1.", 0.93),
    "QualityMeasure.name": Word("In which respect.", "sharpness"),
    "QualityMeasure.verdict": Word("Whether one can work with it.", "good"),
    "QualityMeasure.says": Word("What a colleague would say.", "Blurred: there are no sharp edges in it."),
    "StartedAnalysis.upload_id": Word("The upload's id.", _ID),
    "StartedAnalysis.job": Word("The job that analyses it."),
    "StartedAnalysis.results": Word("Where its results come.", f"/api/analyze/xray/{_ID}"),
    "AnalyzedUploads.results": Word("One answer for each file."),
    "AnalyzedUploads.analyses": Word("The jobs of those that are taken."),
    "ModelPlace.slot": Word("The setting that names it, or the folder.", "folder"),
    "ModelPlace.category": Word("Whose uploads it looks at.", "xray"),
    "ModelPlace.file": Word("Its file.", "chest.onnx"),
    "ModelPlace.there": Word("Its file is there."),
    "AnalysisModels.runtime": Word("ONNX Runtime is installed."),
    "AnalysisModels.models": Word("The models that are looked for."),
    "AnalysisModels.catalog": Word("The models that can be brought."),
    "AnalysisModels.catalog_problem": Word("Why the admin's list cannot be read.", "It names chest twice."),
    "AnalysisModels.next_step": Word("What is missing.", "Install ONNX Runtime."),
}
