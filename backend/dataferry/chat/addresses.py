"""Refs, addresses and commands of the hubs that a person wrote or pasted."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from dataferry.chat.characters import REF_MARK, normalized
from dataferry.core.errors import InvalidInput
from dataferry.core.hub_addresses import HUGGINGFACE_SECTIONS, read_address
from dataferry.core.types import DatasetRef, SourceName
from dataferry.library.card_views import OfferedDataset

#: What else than a dataset a hub's page or command is of.
OtherPage = Literal["competition", "model_page", "other_page"]

_MARKS = r"\s<>\"'`|\u3000-\u3020\u3030\uff01-\uff0f\uff1a-\uff20\u060c\u061b\u201c-\u201f\u00ab\u00bb"
_HUB = r"(?:(?:https?://)?(?<![\w.@-])(?:www\.)?(?:kaggle\.com|huggingface\.co|hf\.co)/|hf://datasets/)"
#: A hub's address is plain; another may have letters of any script.
_URL = re.compile(rf"{_HUB}[!#-&(-;=?-_a-z~]+|https?://[^{_MARKS}]+", re.IGNORECASE)
_REF = re.compile(
    r"(?<![\w/])(kaggle|hugging\s?face|hf|built-?in)\s?:(?:\s?(?=[\w.-]+/\w)|(?!\s))(?!//)([A-Za-z0-9_][\w.-]*(?:/[\w.-]+)?)",
    re.IGNORECASE | re.ASCII,
)
_BARE_ID = re.compile(r"(?<![\w./:@-])([A-Za-z0-9_][\w.-]*/[\w.-]*\w)(?![\w/])", re.ASCII)
_SOURCE = re.compile(r"\b(kaggle|hugging\s?face|hf|built-?in)\b", re.IGNORECASE | re.ASCII)

_ID = r"[\"']?([\w.-]+/[\w.-]+)(?:/versions/\d+)?[\"']?"
_PROMPT = r"^\s*[`$!%>#\s]*(?:python\d?\s+-m\s+)?"
_KAGGLE_DOWNLOAD = re.compile(
    rf"{_PROMPT}kaggle\s+d(?:atasets)?\s+download\s+(?:-d\s+|--dataset[= ])?{_ID}(?:\s+-.*)?[`\s]*$"
)
_KAGGLE_OTHER = re.compile(rf"{_PROMPT}kaggle\s+(competitions?|c|models?|m|kernels|k)\s+\w+")
_HF_DOWNLOAD = re.compile(rf"{_PROMPT}(?:hf|huggingface-cli)\s+download\s+((?:--?\S+\s+)*){_ID}(.*)$")
_HF_DATASET = re.compile(r"--(?:repo-)?type[= ]datasets?\b")
_CALL = re.compile(
    r"[`\s]*(?:\w+\s*=\s*)?(?:\w+\.)*(dataset_download|snapshot_download|hf_hub_download)"
    rf"\s*\(\s*(?:repo_id\s*=\s*)?{_ID}([^)]*)\)[`\s]*$"
)
_GIT_CLONE = re.compile(rf"{_PROMPT}git\s+(?:lfs\s+)?clone\s+(?:-\S+\s+)*(\S+?)(?:\s+[\w./-]+)?[`\s]*$")


@dataclass(frozen=True, slots=True)
class Command:
    """A hub's command that is the whole of a message: the dataset it downloads, or what else it is for."""

    ref: DatasetRef | None = None
    other: OtherPage | None = None


def read_command(text: str) -> Command | None:
    """The command of a hub's program that ``text`` is; None for what is none."""
    text = text.strip()
    if len(text) > 400:
        return None
    if match := _KAGGLE_DOWNLOAD.match(text):
        return _command("kaggle", match[1])
    if match := _KAGGLE_OTHER.match(text):
        kind = match[1][0]
        return Command(other="competition" if kind == "c" else "model_page" if kind == "m" else "other_page")
    if match := _HF_DOWNLOAD.match(text):
        dataset = _HF_DATASET.search(match[1] + match[3])
        return _command("huggingface", match[2]) if dataset else Command(other="model_page")
    if match := _CALL.match(text):
        if match[1] == "dataset_download":
            return _command("kaggle", match[2])
        dataset = re.search(r"repo_type\s*=\s*[\"']dataset", match[3])
        return _command("huggingface", match[2]) if dataset else Command(other="model_page")
    if match := _GIT_CLONE.match(text):
        url = match[1].removesuffix(".git").replace("git@hf.co:", "https://hf.co/")
        ref = ref_of_url(url)
        return Command(ref) if ref is not None and ref.source != "url" else Command(other=other_page(url))
    return None


def _command(source: SourceName, dataset_id: str) -> Command | None:
    ref = valid_ref(source, dataset_id)
    return None if ref is None else Command(ref)


def other_page(text: str) -> OtherPage | None:
    """What the first address of a hub's page in ``text`` is of, where it is of no dataset."""
    for match in _URL.finditer(text):
        url = _trimmed(match.group())
        if ref_of_url(url) is not None:
            continue
        parts = urlsplit(url if "://" in url else f"https://{url}")
        host, path = parts.netloc.removeprefix("www."), [part for part in parts.path.split("/") if part]
        if host == "kaggle.com" and path[:1] in (["competitions"], ["c"]):
            return "competition"
        plain = host in ("huggingface.co", "hf.co") and len(path) >= 2 and path[0] not in HUGGINGFACE_SECTIONS
        return "model_page" if plain or path[:1] == ["models"] else "other_page"
    return None


def written_refs(text: str, shown: Iterable[OfferedDataset] = ()) -> Iterator[DatasetRef]:
    """Every ref and URL in ``text``, each once. A hub's own page becomes that hub's ref."""
    seen: set[str] = set()
    for ref, _start, _end in _spans(text, shown):
        if ref is not None and str(ref) not in seen:
            seen.add(str(ref))
            yield ref


def _spans(text: str, shown: Iterable[OfferedDataset] = ()) -> list[tuple[DatasetRef | None, int, int]]:
    """The refs and addresses of a text with where they stand; None for those of no dataset."""
    pages = {card.url.rstrip("/"): card.ref for card in shown if card.url}
    spans: list[tuple[DatasetRef | None, int, int]] = []
    for match in _URL.finditer(text):
        url = _trimmed(match.group())
        page = pages.get(url.rstrip("/"))
        ref = DatasetRef.parse(page) if page else ref_of_url(url)
        spans.append((ref, match.start(), match.start() + len(url)))
    for match in _REF.finditer(_URL.sub(_spaces, text)):
        dataset_id = match.group(2).rstrip(".")
        ref = valid_ref(source_of_word(match.group(1)), dataset_id)
        if ref is not None:
            spans.append((ref, match.start(), match.start(2) + len(dataset_id)))
    return sorted(spans, key=lambda span: span[1])


def normalized_around(text: str) -> str:
    """``text`` normalized, but for its addresses, which stay as they were written."""
    pieces, end = [], 0
    for match in _URL.finditer(text):
        pieces += [normalized(text[end : match.start()]), match.group()]
        end = match.end()
    return "".join([*pieces, normalized(text[end:])])


def _trimmed(url: str) -> str:
    """An address without the punctuation of the sentence around it."""
    while True:
        short = url.rstrip(".,;:!?]}*_~\u2026")
        if short.endswith(")") and short.count(")") > short.count("("):
            short = short[:-1]
        if short == url:
            return url
        url = short


def masked(text: str) -> str:
    """``text`` as long as before, with one mark in place of each ref, address and id."""
    for _ref, start, end in _spans(text):
        text = text[:start] + REF_MARK + " " * (end - start - 1) + text[end:]
    return _BARE_ID.sub(lambda match: REF_MARK + " " * (len(match.group()) - 1), text)


def without_refs(text: str) -> str:
    """``text`` without the refs, URLs and ids that are written in it."""
    return masked(text).replace(REF_MARK, " ")


def bare_ids(text: str) -> tuple[str, ...]:
    """What looks like owner/name and has no source beside it."""
    spaced = _REF.sub(_spaces, _URL.sub(_spaces, text))
    return tuple(match.group(1) for match in _BARE_ID.finditer(spaced))


def _spaces(match: re.Match[str]) -> str:
    return " " * len(match.group())


def source_of_word(word: str) -> SourceName:
    """The source that a person means by ``word``."""
    word = re.sub(r"[\s-]", "", word.lower())
    return "kaggle" if word == "kaggle" else "builtin" if word == "builtin" else "huggingface"


def mentioned_sources(text: str) -> tuple[SourceName, ...]:
    return tuple(dict.fromkeys(source_of_word(match.group()) for match in _SOURCE.finditer(text)))


def without_sources(text: str) -> str:
    return _SOURCE.sub(_spaces, text)


def ref_of_url(url: str) -> DatasetRef | None:
    """A hub's dataset page as that hub's ref, any other URL as a file; None for a hub's other pages."""
    if "://" in url and not url.startswith("hf://") and valid_ref("url", url) is None:
        return None
    if "://" in url and "resolve" in urlsplit(url).path.split("/"):
        return valid_ref("url", url)
    try:
        return read_address(url).ref
    except InvalidInput:
        return None


def valid_ref(source: SourceName, dataset_id: str) -> DatasetRef | None:
    try:
        return DatasetRef.make(source, dataset_id)
    except InvalidInput:
        return None
