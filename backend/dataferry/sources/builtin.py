"""The datasets that come with Dataferry."""

from collections.abc import Mapping

from dataferry.core.errors import NotFound
from dataferry.core.types import Credential, DatasetRef, DatasetSummary, Manifest, SourceName
from dataferry.plugins import AnyPlugin, ShippedFile, builtin_datasets
from dataferry.plugins.manifest import manifest_of
from dataferry.sources.base import SearchQuery
from dataferry.sources.language import name_words, words
from dataferry.sources.metadata import formats_of, modalities_of


class BuiltinSource:
    """Small real tables, there without network or account, and plugins, whose publishers have the files."""

    name: SourceName = "builtin"
    threads = 2
    endpoint: str | None = None
    how_to_connect = ""

    def __init__(self, plugins: Mapping[str, AnyPlugin] | None = None) -> None:
        self._plugins = builtin_datasets() if plugins is None else plugins
        self._vocabularies: dict[str, set[str]] = {}

    def search(self, query: SearchQuery, credential: Credential) -> list[DatasetSummary]:
        """The plugins that hold at least two thirds of the query's words, the best match first."""
        asked = set(words(query.text))
        needed = -(-2 * len(asked) // 3)
        counted = [(len(asked & self._vocabulary(plugin)), plugin) for plugin in self._plugins.values()]
        matches = sorted(
            ((count, plugin) for count, plugin in counted if count >= max(1, needed)),
            key=lambda match: (-match[0], match[1].name),
        )
        page = matches[query.offset : query.offset + query.limit]
        return [summary_of(plugin) for _, plugin in page]

    def describe(self, ref: DatasetRef, revision: str | None, credential: Credential) -> DatasetSummary:
        return summary_of(self._plugin(ref, revision))

    def manifest(self, ref: DatasetRef, revision: str | None, credential: Credential) -> Manifest:
        return manifest_of(self._plugin(ref, revision))

    def readme(self, ref: DatasetRef, revision: str | None, credential: Credential) -> str:
        plugin = self._plugin(ref, revision)
        for file in plugin.files:
            if isinstance(file, ShippedFile) and file.path == "README.md":
                with plugin.open(file) as stream:
                    return stream.read().decode()
        return ""

    def _vocabulary(self, plugin: AnyPlugin) -> set[str]:
        """The words that a plugin is found by, told apart once: some have hundreds of classes."""
        if plugin.name not in self._vocabularies:
            texts = (plugin.title, plugin.description, plugin.task, *plugin.tags, *plugin.classes)
            found = {word for text in texts for word in words(text)}
            self._vocabularies[plugin.name] = found | set(name_words(plugin.name))
        return self._vocabularies[plugin.name]

    def _plugin(self, ref: DatasetRef, revision: str | None) -> AnyPlugin:
        plugin = self._plugins.get(ref.id)
        if plugin is None:
            raise NotFound(
                f"There is no built-in dataset named {ref.id!r}.",
                next_step=f"The built-in ones are: {', '.join(self._plugins)}.",
            )
        if revision is not None and revision != plugin.revision:
            raise NotFound(
                f"This version of Dataferry carries another revision of {ref}.",
                next_step="Download it without naming a revision.",
            )
        return plugin


def summary_of(plugin: AnyPlugin) -> DatasetSummary:
    """What is told of a plugin's dataset."""
    formats = formats_of(file.path for file in plugin.files)
    return DatasetSummary(
        ref=f"builtin:{plugin.name}",
        source="builtin",
        id=plugin.name,
        title=plugin.title,
        description=plugin.description,
        url=plugin.homepage,
        size_bytes=plugin.size_bytes,
        file_count=len(plugin.files) or None,  # it fetches them itself
        license=plugin.license or None,
        tags=tuple(plugin.tags),
        formats=formats,
        task=plugin.task,
        modalities=modalities_of((*plugin.tags, plugin.task), formats),
        revision=plugin.revision,
    )
