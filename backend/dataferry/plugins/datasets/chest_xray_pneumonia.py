"""Chest X-rays of children, with and without pneumonia."""

from dataferry.plugins.base import ClassificationPlugin
from dataferry.plugins.contract import RemoteFile, SplitName
from dataferry.plugins.samples import Samples


class ChestXrayPneumonia(ClassificationPlugin):
    """5,856 images of many sizes, some of them grey, as RGB. Kaggle's archive has a second copy of
    everything in ``chest_xray/chest_xray``, which is not read. ``val`` has 16 images: few conclusions stand
    on it. Where Kaggle asks for an account, ``kaggle:paultimothymooney/chest-xray-pneumonia`` is the same
    data with the person's key."""

    name = "chest_xray_pneumonia"
    aliases = ("chest-xray",)
    display_name = "Chest X-Ray Images (Pneumonia)"
    description = (
        "5,856 chest X-rays of children, normal or with pneumonia, in Kaggle's splits. No checksum of the "
        "archive is published: the first download records one."
    )
    input_shape = (3, 224, 224)
    class_names = ("NORMAL", "PNEUMONIA")
    train_size, val_size, test_size = 5_216, 16, 624
    normalization = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    license = "CC-BY-4.0"
    license_note = "Kaggle and Mendeley Data give it under CC BY 4.0."
    citation = (
        "Kermany, D., Zhang, K. & Goldbaum, M. (2018). Labeled Optical Coherence Tomography (OCT) and Chest"
        " X-Ray Images for Classification. Mendeley Data, V2. https://doi.org/10.17632/rscbjbr9sj.2"
    )
    homepage = "https://www.kaggle.com/datasets/paultimothymooney/chest-xray-pneumonia"
    tags = ("images", "medical", "health", "radiology", "lungs", "xray", "x-ray", "vision")
    files = (
        RemoteFile(
            "chest-xray-pneumonia.zip",
            "https://www.kaggle.com/api/v1/datasets/download/paultimothymooney/chest-xray-pneumonia"
            "?datasetVersionNumber=2",
            unpack=True,
        ),
    )

    def read(self, split: SplitName) -> Samples | None:
        from dataferry.plugins.readers.folders import ImageFolders

        return ImageFolders(self.root / "chest_xray" / split, self.class_names)


PLUGIN = ChestXrayPneumonia()
