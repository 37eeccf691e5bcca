"""HumanEval's file: three problems."""

import gzip

from tests.plugin_fixtures import Fixture
from tests.support.dataset_files import json_lines


def FIXTURE() -> Fixture:
    """Compressed, as the true one is."""
    rows = [
        {
            "task_id": f"HumanEval/{number}",
            "prompt": f'def plus(value: int) -> int:\n    """ Add {number}. """\n',
            "entry_point": "plus",
            "canonical_solution": f"    return value + {number}\n",
            "test": f"def check(candidate):\n    assert candidate(1) == {number + 1}\n",
        }
        for number in range(3)
    ]
    return Fixture({"HumanEval.jsonl.gz": gzip.compress(json_lines(rows), mtime=0)}, {"test_size": 3})
