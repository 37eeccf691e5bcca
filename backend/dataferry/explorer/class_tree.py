"""The classes of a dataset as a list, and where they are WordNet's as a tree that can be walked."""

from collections.abc import Sequence

from dataferry.core.errors import NotFound, QueryTooLarge
from dataferry.core.types import View
from dataferry.explorer.dataset_images import FoundImages
from dataferry.explorer.sample_addresses import picture_address
from dataferry.plugins.readers.wordnet_names import TINY_IMAGENET
from dataferry.plugins.readers.wordnet_tree import ROOT, children, classes_below, nodes

#: So many of the classes must be WordNet's.
_MOST = 0.5
#: That a search brings.
_MOST_NAMED = 60
_IDS = {name: wnid for wnid, name in TINY_IMAGENET.items()}


class ClassNode(View):
    """A class, or a node above some. ``id``: of WordNet, else the name. ``parents``: ids of what it is a kind
    of. ``classes``: how many classes are at or below it; ``count``: images of these in the split, None where
    that is not known. ``is_class``: images are labelled with it. ``example``: the address of a thumbnail of
    one of its images, where a step of the tree or a search is asked for."""

    id: str
    name: str
    is_class: bool
    parents: tuple[str, ...] = ()
    children: int = 0
    classes: int = 1
    count: int | None = None
    example: str | None = None


def class_nodes(
    found: FoundImages, key: str, split: str | None, parent: str | None, words: str | None
) -> tuple[ClassNode, ...]:
    """Every class; with ``parent`` the nodes below that one that lead to a class, ``root`` for the uppermost;
    with ``words`` those in whose name they are. ``key``: what the request calls the dataset. Blocks.

    Errors: ``NotFound``; as ``ImageSource``.
    """
    shown = split or next((one.name for one in found.source.splits), "")
    classes = _Classes(found, key, shown)
    if words is not None:
        return classes.named(words)
    return classes.all() if parent is None else classes.below(parent)


class _Classes:
    """The classes of a split."""

    def __init__(self, found: FoundImages, key: str, split: str) -> None:
        self._found, self._key, self._split = found, key, split
        self._names = found.source.classes(split)
        self._counts = found.source.counts(split)
        self._by_id = {class_id(name): name for name in self._names}
        known = {wnid for wnid in self._by_id if wnid in nodes()}
        #: WordNet's ids of those that are in its tree; none where most are not.
        self._known = known if len(known) >= _MOST * len(self._names) else set()

    def all(self) -> tuple[ClassNode, ...]:
        return tuple(map(self._leaf, self._names))

    def below(self, parent: str) -> tuple[ClassNode, ...]:
        """Errors: ``NotFound``."""
        if not self._known:
            raise NotFound("Its classes are no tree.", next_step="Ask for them without parent.")
        node = ROOT if parent == "root" else parent
        if node not in nodes():
            raise NotFound(f"There is no class {parent[:80]!r}.", next_step="Begin with parent=root.")
        below = (self._node(wnid) for wnid in children()[node])
        return tuple(self._with_example(one) for one in below if one.classes)

    def named(self, words: str) -> tuple[ClassNode, ...]:
        """The classes first, then what they are kinds of."""
        wanted = words.casefold().strip()
        names = [name for name in self._names if wanted in name.casefold()]
        found = [self._leaf(name) for name in names[:_MOST_NAMED]]
        above = (self._node(wnid) for wnid, node in nodes().items() if wanted in node.name.casefold())
        found += [one for one in above if one.classes and not one.is_class]
        return tuple(map(self._with_example, found[:_MOST_NAMED]))

    def _leaf(self, name: str) -> ClassNode:
        node = nodes().get(class_id(name))
        return ClassNode(
            id=class_id(name),
            name=name,
            is_class=True,
            parents=node.parents if node else (),
            count=None if self._counts is None else self._counts.get(name, 0),
        )

    def _node(self, wnid: str) -> ClassNode:
        node, below, counts = nodes()[wnid], classes_below(wnid) & self._known, self._counts
        return ClassNode(
            id=wnid,
            name=self._by_id.get(wnid, node.name),
            is_class=wnid in self._known,
            parents=node.parents,
            children=sum(1 for one in children()[wnid] if classes_below(one) & self._known),
            classes=len(below),
            count=None if counts is None else sum(counts.get(self._by_id[one], 0) for one in below),
        )

    def _with_example(self, node: ClassNode) -> ClassNode:
        """With a picture of the first class at or below it."""
        name = self._by_id.get(node.id) or self._by_id[min(classes_below(node.id) & self._known)]
        try:
            entries = self._found.source.entries(self._split, class_name=name, limit=1)
        except QueryTooLarge:
            return node
        if not entries:
            return node
        example = picture_address(self._found, self._key, self._split, entries[0].number, "thumbnail")
        return node.model_copy(update={"example": example})


def class_id(name: str) -> str:
    """WordNet's id of a class that has one, by its name or as its name; else the name itself."""
    return _IDS.get(name, name)


def class_named(names: Sequence[str], wanted: str) -> str:
    """The class that an id or a name stands for. Errors: ``NotFound``."""
    for name in names:
        if wanted in (name, class_id(name)):
            return name
    raise NotFound(f"It has no class {wanted[:80]!r}.", next_step="Its list of classes has their ids.")
