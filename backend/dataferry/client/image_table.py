"""Images in folders as a table: each one's path, and the folder that it is in as its label."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from dataferry.client.optional import imported
from dataferry.client.reading import TableFile
from dataferry.client.table import Table
from dataferry.library.table_names import image_tables, split_of

if TYPE_CHECKING:
    import datasets
    import pandas as pd

    from dataferry.client.torch_table import TorchTable


class ImageTable(Table):
    """Images, a row each: ``path`` on this machine, and ``label``, the name of the folder that it is in; None
    where that says nothing. No image is opened here."""

    def __init__(self, name: str, folder: Path, paths: Sequence[str]) -> None:
        super().__init__(name, [TableFile(folder / path, path) for path in paths])
        self._labels = [_label(path) for path in paths]

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels that there are, in alphabetical order: label ``n`` of torch and datasets is number
        ``n``."""
        return tuple(sorted({label for label in self._labels if label is not None}))

    def to_pandas(self) -> "pd.DataFrame":
        """``path`` and ``label`` of each."""
        import pandas as pd

        return pd.DataFrame({"path": [str(path) for path in self.paths], "label": self._labels})

    def to_torch(self) -> "TorchTable":
        """``path``, and ``label`` as the number of its class; -1 where it has none.

        Errors: ``MissingLibraryError``, an ``ImportError``, without torch.
        """
        torch = imported("torch", "to_torch()")
        from dataferry.client.torch_table import TorchTable

        return TorchTable({"path": list(map(str, self.paths)), "label": torch.tensor(self._numbers(-1))})

    def to_hf(self) -> "datasets.Dataset":
        """``image``, decoded when it is looked at, and ``label``, a ``ClassLabel``.

        Errors: ``MissingLibraryError``, an ``ImportError``, without datasets.
        """
        library = imported("datasets", "to_hf()")
        columns: dict[str, Any] = {"image": list(map(str, self.paths))}
        features = {"image": library.Image()}
        if self.classes:
            columns["label"] = self._numbers(None)
            features["label"] = library.ClassLabel(names=list(self.classes))
        dataset: datasets.Dataset = library.Dataset.from_dict(columns, features=library.Features(features))
        return dataset

    @property
    def _kind(self) -> Any:
        return "frame"

    def _numbers(self, without: int | None) -> list[int | None]:
        numbers = {label: number for number, label in enumerate(self.classes)}
        return [without if label is None else numbers[label] for label in self._labels]


def images_by_split(folder: Path, paths: Sequence[str]) -> Mapping[str, ImageTable]:
    """Tables of the images below ``folder``, by the names that ``image_tables`` gives; ``paths`` are relative
    to it."""
    return {name: ImageTable(name, folder, some) for name, some in image_tables(paths).items()}


def _label(path: str) -> str | None:
    """The folder right above it, unless that is the dataset's own, or a split's."""
    above = PurePosixPath(path).parent.name
    return above if above and split_of(above) is None else None
