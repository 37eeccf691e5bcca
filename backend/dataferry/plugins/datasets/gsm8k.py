"""GSM8K, grade school mathematics in words."""

from dataferry.plugins.base import TextPlugin
from dataferry.plugins.contract import RemoteFile

_COMMIT = "3101c7d5072418e28b9008a6636bde82a006892c"
_PATH = "grade_school_math/data"


def _file(name: str, size: int, sha256: str) -> RemoteFile:
    return RemoteFile(
        name,
        f"https://raw.githubusercontent.com/openai/grade-school-math/{_COMMIT}/{_PATH}/{name}",
        size=size,
        sha256=sha256,
        mirrors=(f"https://github.com/openai/grade-school-math/raw/master/{_PATH}/{name}",),
    )


class Gsm8k(TextPlugin):
    """8,792 rows. An answer ends in ``#### <number>``."""

    name = "gsm8k"
    display_name = "GSM8K"
    description = "8,792 problems of grade school mathematics in words, with worked solutions."
    fields = ("question", "answer")
    train_size, test_size = 7_473, 1_319
    license = "MIT"
    license_note = "OpenAI gives it under the MIT licence, in its repository."
    citation = (
        "Cobbe, K. et al. (2021). Training Verifiers to Solve Math Word Problems. "
        "https://arxiv.org/abs/2110.14168"
    )
    homepage = "https://github.com/openai/grade-school-math"
    tags = ("text", "math", "mathematics", "reasoning", "benchmark", "llm", "evaluation")
    files = (
        _file("train.jsonl", 4_166_206, "17f347dc51477c50d4efb83959dbb7c56297aba886e5544ee2aaed3024813465"),
        _file("test.jsonl", 749_738, "3730d312f6e3440559ace48831e51066acaca737f6eabec99bccb9e4b3c39d14"),
    )


PLUGIN = Gsm8k()
