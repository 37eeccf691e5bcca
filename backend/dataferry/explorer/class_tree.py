"""The classes of a dataset as a list, and where they are WordNet's as a tree that can be walked."""

from collections.abc import Mapping, Sequence

from dataferry.core.errors import NotFound
from dataferry.core.types import View
from dataferry.explorer.dataset_images import FoundImages
from dataferry.plugins.readers.wordnet_names import TINY_IMAGENET
from dataferry.plugins.readers.wordnet_tree import ROOT, children, classes_below, nodes

#: So many of the classes must be WordNet's.
_MOST = 0.5
_IDS = {name: wnid for wnid, name in TINY_IMAGENET.items()}


class ClassNode(View):
    """A class, or a node above some. ``id``: of WordNet, else the name. ``parents``: ids of what it is a kind
    of. ``classes``: how many classes are at or below it; ``count``: images of these in the split, None where
    that is not known. ``is_class``: images are labelled with it."""

    id: str
    name: str
    is_class: bool
    parents: tuple[str, ...] = ()
    children: int = 0
    classes: int = 1
    count: int | None = None


def class_nodes(found: FoundImages, split: str | None, parent: str | None) -> tuple[ClassNode, ...]:
    """Every class; with ``parent`` the nodes below that one that lead to a class, ``root`` for the uppermost.
    Blocks. Errors: ``NotFound``; as ``ImageSource``."""
    shown = split or next((one.name for one in found.source.splits), "")
    names = found.source.classes(shown)
    counts = found.source.counts(shown)
    ids = {name: class_id(name) for name in names}
    if parent is None:
        return tuple(_leaf(name, ids[name], counts) for name in names)
    known = {wnid for wnid in ids.values() if wnid in nodes()}
    if len(known) < _MOST * len(names):
        raise NotFound("Its classes are no tree.", next_step="Ask for them without parent.")
    node = ROOT if parent == "root" else parent
    if node not in nodes():
        raise NotFound(f"There is no class {parent[:80]!r}.", next_step="Begin with parent=root.")
    by_id = {wnid: name for name, wnid in ids.items()}
    below = (_node(one, known, by_id, counts) for one in children()[node])
    return tuple(one for one in below if one.classes)


def class_id(name: str) -> str:
    """WordNet's id of a class that has one, by its name or as its name; else the name itself."""
    return _IDS.get(name, name)


def class_named(names: Sequence[str], wanted: str) -> str:
    """The class that an id or a name stands for. Errors: ``NotFound``."""
    for name in names:
        if wanted in (name, class_id(name)):
            return name
    raise NotFound(f"It has no class {wanted[:80]!r}.", next_step="Its list of classes has their ids.")


def _leaf(name: str, wnid: str, counts: Mapping[str, int] | None) -> ClassNode:
    node = nodes().get(wnid)
    return ClassNode(
        id=wnid,
        name=name,
        is_class=True,
        parents=node.parents if node else (),
        count=None if counts is None else counts.get(name, 0),
    )


def _node(
    wnid: str, known: "set[str]", by_id: Mapping[str, str], counts: Mapping[str, int] | None
) -> ClassNode:
    node, below = nodes()[wnid], classes_below(wnid) & known
    return ClassNode(
        id=wnid,
        name=by_id.get(wnid, node.name),
        is_class=wnid in known,
        parents=node.parents,
        children=sum(1 for one in children()[wnid] if classes_below(one) & known),
        classes=len(below),
        count=None if counts is None else sum(counts.get(by_id[one], 0) for one in below),
    )
