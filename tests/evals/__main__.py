"""``make eval``: scores of searches and of the planner on the development set and on the unseen one."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.evals import folding, ranking, requests, score

Run = list[dict[str, Any]]

_UNSEEN_SEARCH = ("unseen_relevance.jsonl", "unseen_catalogue.jsonl")

EVALS: dict[str, tuple[Callable[[], Run], Callable[[Run], None]]] = {
    "live": (ranking.search_live, lambda run: score.ranking(run, "end to end: ")),
    "index": (ranking.search_index, lambda run: score.ranking(run, "with the index: ")),
    "ranking": (ranking.rank_everything, lambda run: score.ranking(run, "ranking alone: ")),
    "folding": (folding.fold_catalogue, score.folding),
    "requests": (requests.answer_all, score.requests),
    "unseen-live": (
        lambda: ranking.search_live(*_UNSEEN_SEARCH),
        lambda run: score.ranking(run, "unseen, end to end: ", _UNSEEN_SEARCH[0]),
    ),
    "unseen-index": (
        lambda: ranking.search_index(*_UNSEEN_SEARCH),
        lambda run: score.ranking(run, "unseen, with the index: ", _UNSEEN_SEARCH[0]),
    ),
    "unseen-ranking": (
        lambda: ranking.rank_everything(*_UNSEEN_SEARCH),
        lambda run: score.ranking(run, "unseen, ranking alone: ", _UNSEEN_SEARCH[0]),
    ),
    "unseen-folding": (folding.fold_unseen, folding.score_unseen),
    "unseen-again": (
        lambda: requests.answer_all("unseen_again_requests.jsonl", "unseen_cards.jsonl"),
        lambda run: score.requests(run, "unseen_again_requests.jsonl"),
    ),
    "unseen-third": (
        lambda: requests.answer_all("unseen_third_requests.jsonl", "unseen_cards.jsonl"),
        lambda run: score.requests(run, "unseen_third_requests.jsonl"),
    ),
    "unseen": (
        lambda: requests.answer_all("unseen_requests.jsonl", "unseen_cards.jsonl"),
        lambda run: score.requests(run, "unseen_requests.jsonl"),
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.evals", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"by default all: {', '.join(EVALS)}")
    parser.add_argument("--runs", type=Path, help="write each run there too, as a file for score.py")
    options = parser.parse_args()
    for name in options.names or EVALS:
        make, tell = EVALS[name]
        run = make()
        if options.runs:
            lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in run)
            (options.runs / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
        tell(run)
        print()


if __name__ == "__main__":
    main()
