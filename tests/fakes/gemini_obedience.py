"""A model that does whatever any text that it is told says.

An order is known by a word that stands somewhere in a stranger's text; what to do then, step by step, is
given beside it. The model reads as real ones have been seen to: also what is spelled in tag characters
(https://embracethered.com/blog/posts/2024/hiding-and-finding-text-with-unicode-tags/).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from tests.fakes.gemini_brain import Reply
from tests.fakes.gemini_memory import Body

#: Stands in an order for what the person has said in the chat.
SAID = "%SAID%"

Orders = Mapping[str, Sequence[Reply]]


def obey(body: Body, orders: Orders, first: Reply | None = None, forever: bool = False) -> Reply | None:
    """The next step of the order that is found in what the model is told; before one is found ``first``
    is done, once. None where nothing is left to do. ``forever``: the steps begin again."""
    contents: Sequence[Body] = body["contents"]
    asked = max(index for index, content in enumerate(contents) if _is_said(content))
    found = _find(contents, orders)
    steps_made = sum(content["role"] == "model" for content in contents[asked:])
    if found is None:
        return first if steps_made == 0 else None
    word, place = found
    steps = orders[word]
    done = sum(content["role"] == "model" for content in contents[max(asked, place) :])
    if done >= len(steps) and not forever:
        return None
    return _filled(steps[done % len(steps)], _said(contents))


def reads(text: str) -> str:
    """``text`` with what is spelled in tag characters in clear."""
    return "".join(chr(ord(one) - 0xE0000) if 0xE0020 <= ord(one) <= 0xE007E else one for one in text)


def _find(contents: Sequence[Body], orders: Orders) -> tuple[str, int] | None:
    """The first order in what the model is told, and the place of the content that holds it."""
    for index, content in enumerate(contents):
        told = reads(json.dumps(content, ensure_ascii=False))
        for word in orders:
            if word in told:
                return word, index
    return None


def _is_said(content: Body) -> bool:
    return content["role"] == "user" and any("text" in part for part in content["parts"])


def _said(contents: Sequence[Body]) -> str:
    texts = [part.get("text", "") for content in contents if _is_said(content) for part in content["parts"]]
    return " ".join(texts)[:200]


def _filled(reply: Reply, said: str) -> Reply:
    def fill(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace(SAID, quote(said, safe=""))
        if isinstance(value, dict):
            return {name: fill(inner) for name, inner in value.items()}
        return [fill(inner) for inner in value] if isinstance(value, list) else value

    return Reply(fill(reply.text), tuple((name, fill(given)) for name, given in reply.calls), reply.thought)
