"""HumanEval, programming problems with tests."""

from dataferry.plugins.base import TextPlugin
from dataferry.plugins.contract import RemoteFile, SplitName
from dataferry.plugins.samples import Samples

_NAME = "HumanEval.jsonl.gz"
_COMMIT = "6d43fb980f9fee3c892a914eda09951f772ad10d"


class HumanEval(TextPlugin):
    """164 rows of ``test``. Their code comes from elsewhere and is run by nothing here."""

    name = "humaneval"
    display_name = "HumanEval"
    description = (
        "164 programming problems in Python, each with a signature, a docstring, a solution and tests."
    )
    fields = ("task_id", "prompt", "entry_point", "canonical_solution", "test")
    test_size = 164
    license = "MIT"
    license_note = "OpenAI gives it under the MIT licence, in its repository."
    citation = (
        "Chen, M. et al. (2021). Evaluating Large Language Models Trained on Code. "
        "https://arxiv.org/abs/2107.03374"
    )
    homepage = "https://github.com/openai/human-eval"
    tags = ("text", "code", "programming", "python", "benchmark", "llm", "evaluation")
    files = (
        RemoteFile(
            _NAME,
            f"https://raw.githubusercontent.com/openai/human-eval/{_COMMIT}/data/{_NAME}",
            size=44_877,
            sha256="b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef",
            mirrors=(f"https://github.com/openai/human-eval/raw/master/data/{_NAME}",),
        ),
    )

    def read(self, split: SplitName) -> Samples | None:
        from dataferry.plugins.text_rows import JsonRows

        return JsonRows(self.root / _NAME) if split == "test" else None


PLUGIN = HumanEval()
