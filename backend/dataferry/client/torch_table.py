"""A table as a dataset of torch. Imported where torch is known to be there."""

from typing import Any

import torch
import torch.utils.data


class TorchTable(torch.utils.data.Dataset[dict[str, Any]]):  # type: ignore[misc] # there is no torch here
    """Row ``i`` as a dict by column: numbers and booleans as tensors without dimensions, everything else as
    Python values. ``columns`` has all rows of a column at once."""

    def __init__(self, columns: "dict[str, torch.Tensor | list[Any]]") -> None:
        self.columns = columns

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def __getitem__(self, row: int) -> dict[str, Any]:
        return {name: column[row] for name, column in self.columns.items()}
