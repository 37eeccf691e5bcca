"""Which elements of a DICOM file are personal: the table of PS3.15 (2026c, Basic Application Level
Confidentiality Profile), and beyond it what no table can know."""

from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pydicom import DataElement
    from pydicom.tag import BaseTag

VERSION = "PS3.15 2026c"
Action = Literal["remove", "empty", "replace", "new_uid"]

_ACTIONS: dict[str, Action] = {
    "delete": "remove",
    "empty": "empty",
    "delete_or_empty": "empty",
    "replace": "replace",
    "empty_or_replace": "replace",
    "delete_or_replace": "replace",
    "delete_or_empty_or_replace": "replace",
    "replace_UID": "new_uid",
    "delete_or_empty_or_replace_UID": "new_uid",
}
#: Groups of curves and overlays, whose drawings may be text.
_DRAWN = (0x5000, 0x6000)


def action_of(tag: "BaseTag", vr: str) -> Action | None:
    """What becomes of an element; None where it may stay."""
    single, repeating = _table()
    if tag.is_private or tag.group & 0xFF00 in _DRAWN:
        return "remove"
    found = single.get(int(tag))
    if found is not None:
        return found
    for group, element, group_mask, element_mask, action in repeating:
        if (
            tag.group & group_mask == group & group_mask
            and tag.element & element_mask == element & element_mask
        ):
            return action
    if vr == "PN":
        return "empty"
    return "remove" if vr == "UN" else None


def is_personal(element: "DataElement") -> bool:
    """Whether de-identification would take it away or change it, and it says something."""
    if element.VR != "SQ" and element.value in (None, "", b""):
        return False
    return action_of(element.tag, element.VR) is not None


@cache
def _table() -> tuple[dict[int, Action], list[tuple[int, int, int, int, Action]]]:
    from dicomanonymizer.simpledicomanonymizer import initialize_actions

    single: dict[int, Action] = {}
    repeating = []
    for tag, function in initialize_actions("dicomfields_2026c").items():
        action = _ACTIONS[function.__name__]
        if len(tag) == 2:
            single[(tag[0] << 16) | tag[1]] = action
        else:
            repeating.append((*tag, action))
    return single, repeating
