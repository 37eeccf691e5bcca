"""Configs and splits, as a dataset card of the HuggingFace Hub writes them in its YAML::

    configs:
    - config_name: plain_text        one of them may be the default
      default: true
      data_dir: text                 before each of its paths
      data_files:
      - split: train
        path: train-*.parquet        or several, or without splits at all: then it is train
      - split: test
        path: [test.parquet]

https://huggingface.co/docs/hub/datasets-manual-configuration
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dataferry.core.errors import NotFound
from dataferry.sources.metadata import TAG_CHARS, one_line

#: Of a card that lists hundreds, what an error names.
_MAX_NAMES_SHOWN = 12
_DEFAULT = "default"
_ONLY_SPLIT = "train"


def patterns_of(configs: Any, config: str | None, split: str | None) -> tuple[str, ...]:
    """Patterns of the files of a config, and in it of a split; each begins with ``/``, the dataset's own
    folder. ``configs``: what the card says, of any shape.

    Errors: ``NotFound`` naming those that exist.
    """
    known = {_name_of(one): one for one in _list(configs) if isinstance(one, Mapping)}
    if not known:
        raise NotFound(
            "The dataset's card does not say which files belong to its configs and splits.",
            next_step="Choose its files by name or pattern, for example data/train*.",
        )
    if config is None:
        config = _default_of(known)
    if config not in known:
        raise NotFound(f"The dataset has no config {config!r}.", next_step=f"It has {_some(known)}.")
    folder = str(known[config].get("data_dir") or "").strip("./")
    splits = _splits_of(known[config].get("data_files"))
    if split is not None and split not in splits:
        has = f"It has {_some(splits)}." if splits else "It has none: leave the split out."
        raise NotFound(f"The config {config!r} has no split {split!r}.", next_step=has)
    paths = splits[split] if split is not None else [path for each in splits.values() for path in each]
    if split is not None and not paths:
        raise NotFound(
            f"The card names no files of the split {split!r}.", next_step="Choose files by name or pattern."
        )
    return tuple(dict.fromkeys(_rooted(folder, path) for path in paths or ["**"]))


def main_patterns(configs: Any) -> tuple[str, ...]:
    """Patterns of the files to look at first: the training split of the default config, or else the first of
    each; none where the card, which may have any shape, does not say."""
    known = {_name_of(one): one for one in _list(configs) if isinstance(one, Mapping)}
    if not known:
        return ()
    marked = [name for name, config in known.items() if config.get("default") is True]
    config = next(iter([*marked, *(name for name in known if name == _DEFAULT), *known]))
    splits = _splits_of(known[config].get("data_files"))
    split = _ONLY_SPLIT if _ONLY_SPLIT in splits else next(iter(splits), None)
    return patterns_of(configs, config, split)


def subsets(configs: Any) -> list[tuple[str, str, tuple[str, ...]]]:
    """Config, split, and the patterns of its files, of every one that the card, which may have any shape,
    tells; the default config first, else in the card's order."""
    known = {_name_of(one): one for one in _list(configs) if isinstance(one, Mapping)}
    order = sorted(known, key=lambda name: not (known[name].get("default") is True or name == _DEFAULT))
    return [
        (name, split, patterns_of(configs, name, split))
        for name in order
        for split, paths in _splits_of(known[name].get("data_files")).items()
        if paths
    ]


def _name_of(config: Mapping[str, Any]) -> str:
    return str(config.get("config_name") or _DEFAULT)


def _default_of(known: Mapping[str, Mapping[str, Any]]) -> str:
    """The config that is meant where none is named. Errors: ``NotFound``."""
    if len(known) == 1:
        return next(iter(known))
    for name, config in known.items():
        if config.get("default") is True:
            return name
    if _DEFAULT in known:
        return _DEFAULT
    raise NotFound("The dataset has several configs.", next_step=f"Name one of {_some(known)}.")


def _splits_of(data_files: Any) -> dict[str, list[str]]:
    splits: dict[str, list[str]] = {}
    if isinstance(data_files, Mapping):
        for name, paths in data_files.items():
            splits.setdefault(str(name), []).extend(map(str, _list(paths)))
        return splits
    for entry in _list(data_files):
        if isinstance(entry, Mapping):
            paths = map(str, _list(entry.get("path")))
            splits.setdefault(str(entry.get("split") or _ONLY_SPLIT), []).extend(paths)
        else:
            splits.setdefault(_ONLY_SPLIT, []).append(str(entry))
    return splits


def _rooted(folder: str, path: str) -> str:
    inside = path.removeprefix("./").lstrip("/")
    return f"/{folder}/{inside}" if folder else f"/{inside}"


def _list(value: Any) -> Sequence[Any]:
    if value is None:
        return []
    return value if isinstance(value, list | tuple) else [value]


def _some(names: Iterable[str]) -> str:
    """The first names, which a stranger wrote."""
    every = [one_line(name, TAG_CHARS) for name in names]
    more = f" and {len(every) - _MAX_NAMES_SHOWN} more" if len(every) > _MAX_NAMES_SHOWN else ""
    return ", ".join(every[:_MAX_NAMES_SHOWN]) + more
