"""GSM8K's two files: four problems and two."""

from tests.plugin_fixtures import Fixture
from tests.support.dataset_files import json_lines


def FIXTURE() -> Fixture:
    """Answers with the calculations and the end of the true ones."""
    counts = {"train": 4, "test": 2}
    files = {
        f"{split}.jsonl": json_lines(
            [
                {
                    "question": f"{n} boats bring {n} owls each.",
                    "answer": f"<<{n}*{n}={n * n}>>\n#### {n * n}",
                }
                for n in range(count)
            ]
        )
        for split, count in counts.items()
    }
    return Fixture(files, {f"{split}_size": count for split, count in counts.items()})
