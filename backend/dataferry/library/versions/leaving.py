"""Which versions go with datasets whose files are deleted."""

from collections.abc import Collection, Mapping
from pathlib import Path

from sqlmodel import Session

from dataferry.library import rows
from dataferry.library.models import Dataset
from dataferry.library.paths import Store
from dataferry.library.versions.repository import DatasetVersions


def leaving(session: Session, store: Store, dataset_ids: Collection[str]) -> dict[str, Path]:
    """Dataset id → the folder of its versions, where no other revision of it stays here."""
    found = {}
    for dataset_id in dataset_ids:
        row = session.get_one(Dataset, dataset_id)
        ref = rows.ref_of(row)
        stays = (
            other
            for other in rows.find(session, ref)
            if other.downloaded and other.selection == row.selection and other.id not in dataset_ids
        )
        if next(stays, None) is None:
            found[dataset_id] = store.versions(ref, row.selection)
    return found


def counts(folders: Mapping[str, Path]) -> dict[str, int]:
    """How many versions each has. Blocks."""
    return {dataset_id: DatasetVersions(folder).count() for dataset_id, folder in folders.items()}
