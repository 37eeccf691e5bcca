"""The words that a model is told are files, and all of them are used and filled in."""

import re
from pathlib import Path

import pytest

import dataferry.chat
import dataferry.mcp
import dataferry.tools
from dataferry.mcp.inputs import TOOLS as ASSISTANTS_TOOLS
from dataferry.tools.inputs import TOOLS, tool_schema
from dataferry.tools.prompts import Prompts

PROMPTS = Prompts()
FOLDERS = [Path(part.__path__[0]) for part in (dataferry.chat, dataferry.mcp, dataferry.tools)]
CODE = "".join(path.read_text() for folder in FOLDERS for path in sorted(folder.glob("*.py")))


def test_the_checkouts_prompts_are_used() -> None:
    assert PROMPTS.folder == Path(__file__).parents[2] / "prompts"


@pytest.mark.parametrize("name", TOOLS)
def test_every_tool_and_argument_is_described(name: str) -> None:
    words = PROMPTS.tool(name)
    schema = tool_schema(name, PROMPTS)
    assert words.description
    assert set(words.arguments) == set(TOOLS[name].model_fields)
    for argument in schema["properties"].values():
        assert argument["description"]
        assert "anyOf" not in argument


def test_assistants_have_every_tool_of_the_agent() -> None:
    assert set(ASSISTANTS_TOOLS) == {*TOOLS, "follow_download"}


@pytest.mark.parametrize("name", ASSISTANTS_TOOLS)
def test_every_tool_of_an_assistant_is_described(name: str) -> None:
    prompts = Prompts(variant="mcp")
    schema = tool_schema(name, prompts, ASSISTANTS_TOOLS)
    assert prompts.tool(name).description
    assert set(schema["properties"]) == set(ASSISTANTS_TOOLS[name].model_fields)
    for argument in schema["properties"].values():
        assert argument["description"]
        assert not {"anyOf", "$ref"} & set(argument)
        assert isinstance(argument["type"], str)


def test_no_file_is_left_over() -> None:
    """Each prompt is named in the code, and each tool file is a tool."""
    kinds = ("greeting", "help", "thanks", "vague", "declined", "delete", "order")
    for path in PROMPTS.folder.rglob("*.md"):
        name = str(path.relative_to(PROMPTS.folder).with_suffix("")).removeprefix("mcp/")
        folder, _, last = name.rpartition("/")
        used = last in ASSISTANTS_TOOLS if folder == "tools" else f'"{name}"' in CODE
        assert used or (folder == "planner" and last in kinds), f"nothing uses {path.name}"


def test_every_placeholder_is_filled_by_the_code() -> None:
    for path in PROMPTS.folder.rglob("*.md"):
        for placeholder in re.findall(r"\$(\w+)", path.read_text()):
            assert f"{placeholder}=" in CODE, f"{path.name}: ${placeholder}"


def test_the_description_of_no_tool_stands_in_the_code() -> None:
    """Pydantic would tell a model the docstrings and titles of the input classes."""
    for name in TOOLS:
        schema = tool_schema(name, PROMPTS)
        assert set(schema) == {"type", "properties", "required"}
        assert not any("title" in argument for argument in schema["properties"].values())


def test_an_edit_is_read_at_once(tmp_path: Path) -> None:
    (tmp_path / "system.md").write_text("Hello $name, $unknown.\n")
    prompts = Prompts(tmp_path)
    assert prompts.text("system", name="Ada") == "Hello Ada, $unknown."
    (tmp_path / "system.md").write_text("Changed.")
    assert prompts.text("system") == "Changed."
