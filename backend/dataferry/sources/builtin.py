"""The datasets that come with Dataferry."""

from functools import partial

from dataferry.core.errors import NotFound
from dataferry.core.types import (
    Bytes,
    Checksum,
    Credential,
    DatasetRef,
    DatasetSummary,
    FileEntry,
    Http,
    Manifest,
    SourceName,
)
from dataferry.plugins import Plugin, RemoteFile, ShippedFile, builtin_datasets
from dataferry.sources.base import SearchQuery
from dataferry.sources.language import name_words, words
from dataferry.sources.metadata import formats_of, modalities_of


class BuiltinSource:
    """Small real tables, there without network or account."""

    name: SourceName = "builtin"
    threads = 2
    endpoint: str | None = None
    how_to_connect = ""

    def search(self, query: SearchQuery, credential: Credential) -> list[DatasetSummary]:
        """The plugins that hold at least two thirds of the query's words, the best match first."""
        asked = set(words(query.text))
        needed = -(-2 * len(asked) // 3)
        counted = [(len(asked & _vocabulary(plugin)), plugin) for plugin in builtin_datasets().values()]
        matches = sorted(
            ((count, plugin) for count, plugin in counted if count >= max(1, needed)),
            key=lambda match: (-match[0], match[1].name),
        )
        page = matches[query.offset : query.offset + query.limit]
        return [_summary(plugin) for _, plugin in page]

    def describe(self, ref: DatasetRef, revision: str | None, credential: Credential) -> DatasetSummary:
        return _summary(_plugin(ref, revision))

    def manifest(self, ref: DatasetRef, revision: str | None, credential: Credential) -> Manifest:
        plugin = _plugin(ref, revision)
        files = tuple(
            FileEntry(
                path=file.path,
                origin=_origin(plugin, file),
                size=file.size,
                checksum=Checksum("sha256", file.sha256, "publisher"),
            )
            for file in plugin.files
        )
        return Manifest(DatasetRef("builtin", plugin.name), plugin.revision, files, plugin.size_bytes)

    def readme(self, ref: DatasetRef, revision: str | None, credential: Credential) -> str:
        plugin = _plugin(ref, revision)
        for file in plugin.files:
            if isinstance(file, ShippedFile) and file.path == "README.md":
                with plugin.open(file) as stream:
                    return stream.read().decode()
        return ""


def _plugin(ref: DatasetRef, revision: str | None) -> Plugin:
    plugin = builtin_datasets().get(ref.id)
    if plugin is None:
        raise NotFound(
            f"There is no built-in dataset named {ref.id!r}.",
            next_step=f"The built-in ones are: {', '.join(builtin_datasets())}.",
        )
    if revision is not None and revision != plugin.revision:
        raise NotFound(
            f"This version of Dataferry carries another revision of {ref}.",
            next_step="Download it without naming a revision.",
        )
    return plugin


def _origin(plugin: Plugin, file: ShippedFile | RemoteFile) -> Bytes | Http:
    return Http(file.url) if isinstance(file, RemoteFile) else Bytes(partial(plugin.open, file))


def _vocabulary(plugin: Plugin) -> set[str]:
    texts = (plugin.title, plugin.description, plugin.task, *plugin.tags, *plugin.classes)
    return {word for text in texts for word in words(text)} | set(name_words(plugin.name))


def _summary(plugin: Plugin) -> DatasetSummary:
    formats = formats_of(file.path for file in plugin.files)
    return DatasetSummary(
        ref=f"builtin:{plugin.name}",
        source="builtin",
        id=plugin.name,
        title=plugin.title,
        description=plugin.description,
        url=plugin.homepage,
        size_bytes=plugin.size_bytes,
        file_count=len(plugin.files),
        license=plugin.license,
        tags=plugin.tags,
        formats=formats,
        task=plugin.task,
        modalities=modalities_of((*plugin.tags, plugin.task), formats),
        revision=plugin.revision,
    )
