"""Models at the fake HuggingFace Hub, as ``GET /api/models`` tells of them.

The real one's ``search`` reads names alone, ``pipeline_tag`` is the one task that a model is for, and
``filter`` takes any tag: a language stands there as its bare code, beside whatever else authors wrote.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_UPDATED = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)


@dataclass
class FakeModel:
    """One model. ``parameters`` None: it has no weights that the hub can count."""

    id: str
    task: str | None
    languages: tuple[str, ...] = ()
    license: str | None = "apache-2.0"
    library: str | None = "transformers"
    parameters: int | None = None
    #: Counted in a GGUF file, not in safetensors.
    gguf: bool = False
    downloads: int = 0
    likes: int = 0
    gated: bool = False
    private: bool = False
    tags: tuple[str, ...] = ()
    updated: datetime = _UPDATED

    @property
    def all_tags(self) -> list[str]:
        own = [tag for tag in (self.library, self.task) if tag]
        licence = [f"license:{self.license}"] if self.license else []
        return [*own, *self.languages, *self.tags, *licence, "region:us"]

    def is_named(self, search: str) -> bool:
        return all(word in self.id.lower() for word in search.lower().split())

    def told(self, fields: list[str]) -> dict[str, Any]:
        """The model with the fields that ``expand`` asks for; the hub leaves out what it does not know."""
        counted = {"parameters": {"F32": self.parameters}, "total": self.parameters}
        known: dict[str, Any] = {
            "author": self.id.partition("/")[0],
            "cardData": {
                "license": self.license,
                **({"language": list(self.languages)} if self.languages else {}),
            },
            "createdAt": "2024-01-02T03:04:05.000Z",
            "downloads": self.downloads,
            "gated": "auto" if self.gated else False,
            "gguf": {"total": self.parameters, "architecture": "llama"} if self.gguf else None,
            "lastModified": self.updated.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "library_name": self.library,
            "likes": self.likes,
            "pipeline_tag": self.task,
            "private": self.private,
            "safetensors": counted if self.parameters and not self.gguf else None,
            "tags": self.all_tags,
        }
        asked = {name: known[name] for name in fields if known.get(name) is not None}
        return {"_id": f"{abs(hash(self.id)):024x}"[:24], "id": self.id, "modelId": self.id} | asked


def seeded_models() -> list[FakeModel]:
    """Speech, sentiment and ships, with what looks like them and is not."""
    return [
        FakeModel(
            "openai/whisper-small",
            "automatic-speech-recognition",
            ("en", "zh", "de", "es", "cy", "fr"),
            parameters=241_734_912,
            downloads=2_104_551,
            likes=512,
        ),
        FakeModel(
            "techiaith/wav2vec2-xlsr-ft-cy",
            "automatic-speech-recognition",
            ("cy",),
            parameters=315_479_720,
            downloads=1_204,
            likes=9,
        ),
        FakeModel(
            "cardiffnlp/twitter-xlm-roberta-base-sentiment",
            "text-classification",
            ("multilingual", "pt", "de", "ar"),
            license=None,
            parameters=278_045_955,
            downloads=1_803_220,
            likes=240,
            tags=("sentiment",),
        ),
        FakeModel(
            "pysentimiento/bertweet-pt-sentiment",
            "text-classification",
            ("pt",),
            license=None,
            parameters=134_310_147,
            downloads=12_877,
            likes=17,
            tags=("sentiment-analysis",),
        ),
        FakeModel(
            "mayrajeo/marine-vessel-yolo",
            "object-detection",
            license="agpl-3.0",
            library="ultralytics",
            downloads=431,
            likes=6,
            tags=("ship",),
        ),
        FakeModel(
            "ultralytics/yolo11",
            "object-detection",
            license="agpl-3.0",
            library="ultralytics",
            downloads=903_114,
            likes=133,
        ),
        FakeModel(
            "meta-llama/Llama-3.1-8B-Instruct",
            "text-generation",
            ("en", "de", "pt"),
            license="llama3.1",
            parameters=8_030_261_248,
            downloads=5_022_917,
            likes=4_120,
            gated=True,
        ),
        FakeModel(
            "bartowski/Llama-3.1-8B-Instruct-GGUF",
            "text-generation",
            ("en",),
            license="llama3.1",
            library=None,
            parameters=8_030_261_312,
            gguf=True,
            downloads=220_118,
            likes=88,
        ),
        FakeModel(
            "metrics-lab/comet-da", None, license="apache-2.0", library=None, downloads=77, tags=("da",)
        ),
    ]
