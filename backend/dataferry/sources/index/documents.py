"""What the index holds of a dataset, and by which terms it is found.

Words are indexed as the stems that ``language.stems`` makes, so that the index, the query and the ranking
read them alike: compounds of names, Chinese by pairs of characters. The same stems are kept for the ranking,
which need not make them again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import tantivy
from pydantic_core import from_json

from dataferry.core.types import DatasetSummary, SourceName
from dataferry.sources.index.entries import Entry
from dataferry.sources.language import label_words, stems
from dataferry.sources.licences import (
    COMMERCIAL,
    Reading,
    commercial_use,
    is_creative_commons,
    read_licence,
)
from dataferry.sources.relevance import TextFields

#: What a word counts in each field when the candidates are chosen; the ranking has its own weights.
BOOSTS: Mapping[str, float] = {"title": 2.0, "tags": 1.2, "description": 1.0, "text": 0.5}
#: What a card shows that is in the index for its own sake, or follows from the rest.
_NOT_KEPT = {"ref", "source", "url", "why", "revision", "private", "file_count", "more_files"}


def make_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in ("title", "tags", "description"):
        builder.add_text_field(name, stored=True, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("text", tokenizer_name="whitespace", index_option="freq")
    # The words of formats, task and tags, unstemmed: what the filters compare.
    builder.add_text_field("labels", tokenizer_name="whitespace", index_option="basic")
    builder.add_text_field("facts", tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("downloads", fast=True)
    builder.add_unsigned_field("size", fast=True, indexed=True)
    builder.add_integer_field("updated", fast=True, indexed=True)
    builder.add_bytes_field("card", stored=True)
    return builder.build()


def document_of(entry: Entry, fields: TextFields) -> tantivy.Document:
    """``fields``: what ``ranking.text_fields`` makes of its summary."""
    summary = entry.summary
    document = tantivy.Document()
    for name, found in fields.items():
        document.add_text(name, " ".join(found))
    document.add_text("text", " ".join(stems(entry.text)))
    document.add_text("labels", " ".join(dict.fromkeys(_label_words(summary))))
    for fact in facts_of(summary):
        document.add_text("facts", fact)
    document.add_unsigned("downloads", summary.downloads)
    if summary.size_bytes is not None:
        document.add_unsigned("size", summary.size_bytes)
    if summary.updated_at is not None:
        document.add_integer("updated", int(summary.updated_at.timestamp()))
    card = summary.model_dump_json(exclude=_NOT_KEPT, exclude_defaults=True)
    document.add_bytes("card", card.encode())
    return document


def _label_words(summary: DatasetSummary) -> Iterator[str]:
    for label in (*summary.formats, *summary.modalities, summary.task or "", *summary.tags):
        yield from label_words(label)


@lru_cache(maxsize=1024)
def _facts_of_license(name: str | None) -> tuple[str, ...]:
    licence = read_licence(name)
    return tuple(sorted(_license_facts(licence))) if licence is not None else ()


def _license_facts(licence: Reading) -> set[str]:
    """Of several licences what all of them are, or any of those of which one may be chosen: as
    ``license_matches`` has it."""
    if licence.parts:
        each = [_license_facts(part) for part in licence.parts]
        return set.union(*each) if licence.choice else set.intersection(*each)
    family = licence.family
    if family is None:
        return set()
    facts = {f"license={family}", f"license={family}@{licence.number or ''}"}
    return facts | {"license=cc*"} if is_creative_commons(family) else facts


def facts_of(summary: DatasetSummary) -> Iterator[str]:
    """What a filter asks for, as terms."""
    yield from _facts_of_license(summary.license)
    if commercial_use(summary.license) in COMMERCIAL:
        yield "commercial"
    if summary.gated:
        yield "gated"
    for name, values in (("language", summary.languages), ("modality", summary.modalities)):
        for value in values:
            yield f"{name}={value}"
    # What the filters take for not stated, see ``filters``.
    for name, stated in (
        ("size", summary.size_bytes),
        ("updated", summary.updated_at),
        ("language", summary.languages),
        ("modality", summary.modalities),
        ("format", summary.formats or summary.modalities),
        ("task", summary.task),
    ):
        if not stated:
            yield f"unknown={name}"


@dataclass(frozen=True, slots=True)
class Found:
    """A dataset of the index with its stems, as ``ranking`` wants them."""

    summary: DatasetSummary
    fields: TextFields


def read_document(source: SourceName, document: tantivy.Document, page: str) -> Found:
    """``page``: the address of the hub's datasets, which their ids follow. Errors: ``ValueError``."""
    card = from_json(bytes(document["card"][0]))
    summary = DatasetSummary.model_validate(
        {**card, "ref": f"{source}:{card['id']}", "source": source, "url": f"{page}{card['id']}"}
    )
    return Found(summary, {name: _stems(document, name) for name in ("title", "tags", "description")})


def _stems(document: tantivy.Document, name: str) -> Sequence[str]:
    return (document.get_first(name) or "").split()
