"""Words of annotations: see ``vocabulary``."""

from dataferry.api.document.word import Word

_ID = "annotation_1f0c9d2e7a5b4c3d8e6f"
_VERSION = "v_4c3d8e6f1f0c9d2e7a5b"
_ADA, _BOB = "ada@example.org", "bob@example.org"
_TIME = "2026-05-04T09:30:00Z"
_BOX = [120.5, 64.0, 80.0, 42.25]
_SPLIT = "train"

_OF_UPLOADS = (
    *("list_upload_annotations", "create_upload_annotation", "change_upload_annotation"),
    *("delete_upload_annotation", "export_upload_annotations"),
)
_BODIES = ("DatasetAnnotation", "UploadAnnotation")
ANNOTATION_WORDS: dict[str, Word] = {
    **{f"{operation}.category": Word("What the upload shows.", "traffic") for operation in _OF_UPLOADS},
    **{f"{body}.id": Word("A new random one; what is sent again is kept once.", _ID) for body in _BODIES},
    **{f"{body}.kind": Word("A box, or a label of the whole image.", "box") for body in _BODIES},
    **{f"{body}.label": Word("What it is, in one line.", "Pedestrian") for body in _BODIES},
    **{f"{body}.box": Word("In pixels, upright.", _BOX) for body in _BODIES},
    "DatasetAnnotation.split": Word("`name` of one of its splits.", _SPLIT),
    "DatasetAnnotation.image": Word("`index` of the list of samples.", 12),
    "UploadAnnotation.frame": Word("Of several frames or pages, from 0.", 0),
    "UploadAnnotation.finding": Word("The id of a finding that is accepted by this.", "finding_3"),
    "AnnotationChange.version": Word("The version that it is known to have.", _VERSION),
    "AnnotationChange.label": Word("What it is, in one line.", "Pedestrian"),
    "AnnotationChange.box": Word("In pixels, upright.", _BOX),
    "annotation_id": Word("The annotation's id.", _ID),
    "delete_annotation.version": Word("The version that it is known to have.", _VERSION),
    "delete_upload_annotation.version": Word("The version that it is known to have.", _VERSION),
    "list_annotations.image": Word("Of one image, by its `index`; with its split.", 12),
    "list_annotations.author": Word("An address; by default everybody.", _ADA),
    "export_annotations.author": Word("An address; by default everybody.", _ADA),
    "list_upload_annotations.frame": Word("Of several frames or pages, from 0.", 0),
    "export_annotations.format": Word("Whose files they are to be.", "coco"),
    "export_upload_annotations.format": Word("Whose files they are to be.", "coco"),
    "a": Word("The address of one of the two.", _ADA),
    "b": Word("The address of the other.", _BOB),
    "iou": Word("Boxes that overlap less, as intersection over union, are no match.", 0.5),
    "StaleProblem.type": Word("Leads to the description of `code`.", "/api/docs#conflict"),
    "StaleProblem.title": Word("The kind of problem in a few words.", "Something else is in the way"),
    "StaleProblem.status": Word("The HTTP status.", 409),
    "current": Word("What the annotation is now."),
    "AnnotationView.id": Word("The annotation's id.", _ID),
    "AnnotationView.version": Word("Another one after each change.", _VERSION),
    "AnnotationView.split": Word("Of its image; empty of an upload.", _SPLIT),
    "AnnotationView.image": Word("The number of its image in the split; of an upload the frame.", 12),
    "AnnotationView.name": Word("The path of its image; empty of an upload.", "train/0012.png"),
    "AnnotationView.kind": Word("A box, or a label of the whole image.", "box"),
    "AnnotationView.label": Word("What it is.", "Pedestrian"),
    "AnnotationView.box": Word(
        "Left and upper edge, width and height in pixels, upright; null of a label.", _BOX
    ),
    "AnnotationView.author": Word("Who has drawn it; null where the account is gone.", _ADA),
    "AnnotationView.mine": Word("It is yours, and you may change it.", True),
    "AnnotationView.created_at": Word("When it was drawn.", _TIME),
    "changed_at": Word("When it was changed last.", _TIME),
    "origin": Word("Whether it was drawn, or is an accepted finding."),
    "AnnotationOrigin.kind": Word("Drawn, or a finding of a model.", "finding"),
    "AnnotationOrigin.finding": Word("The finding's id in the analysis.", "finding_3"),
    "AnnotationOrigin.model": Word("The model's name.", "street-objects"),
    "AnnotationOrigin.model_version": Word("The model's version.", "1.2"),
    "AnnotationOrigin.confidence": Word("The model's own, 0 to 1.", 0.87),
    "AnnotationPage.annotations": Word("By image, then by time."),
    "AnnotationPage.total": Word("How many there are.", 42),
    "AnnotationPage.people": Word("Who has annotated it, the busiest first."),
    "AnnotationPage.labels": Word("Labels in use, the most used first.", ["Car", "Pedestrian"]),
    "AnnotationPage.image": Word("The size of the image that was asked for; else null."),
    "AnnotatedSize.width": Word("In pixels, upright.", 1920),
    "AnnotatedSize.height": Word("In pixels, upright.", 1080),
    "Annotator.email": Word("Their address; null where the account is gone.", _ADA),
    "Annotator.mine": Word("It is you.", True),
    "Annotator.annotations": Word("How many they have drawn.", 40),
    "Annotator.images": Word("On how many images.", 12),
    "images_both": Word("Images that both have annotated: only these are compared.", 10),
    "images_only_a": Word("Images that only the first has annotated.", 2),
    "images_only_b": Word("Images that only the second has annotated.", 0),
    "matched": Word("Pairs of boxes that overlap enough.", 31),
    "only_a": Word("Boxes that only the first has.", 3),
    "only_b": Word("Boxes that only the second has.", 1),
    "mean_iou": Word("Of matched boxes; null where there is none.", 0.83),
    "box_labels": Word("How far the labels of matched boxes agree."),
    "image_labels": Word("How far labels of whole images agree."),
    "AgreementView.images": Word("Those where boxes differ most, first; at most 100."),
    "compared": Word("How many pairs of labels.", 31),
    "same": Word("How many of them are the same.", 29),
    "kappa": Word("Cohen's kappa, -1 to 1; null where it is not defined.", 0.87),
    "undefined": Word("Why kappa is not defined; else null.", "There is nothing that both have labelled."),
    "ImageAgreement.split": Word("The image's split.", _SPLIT),
    "ImageAgreement.image": Word("Its number in the split.", 12),
    "ImageAgreement.name": Word("Its path.", "train/0012.png"),
}
