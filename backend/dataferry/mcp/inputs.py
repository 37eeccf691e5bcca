"""The tools that an assistant gets: the agent's own, and one that waits for a download."""

from dataclasses import dataclass

from pydantic import Field

from dataferry.accounts.views import TokenScope
from dataferry.tools.inputs import TOOLS as AGENT_TOOLS
from dataferry.tools.inputs import ToolInput

#: Seconds that one call may follow a download: clients give a call up after 60.
MAX_FOLLOW_S = 50


class FollowInput(ToolInput):
    ref: str = Field(max_length=4096)
    seconds: int = Field(30, ge=1, le=MAX_FOLLOW_S)


FOLLOW = "follow_download"


@dataclass(frozen=True, slots=True)
class ToolFacts:
    """What a client is told of a tool beside its words. ``scope``: the least of a token that may use it."""

    title: str
    scope: TokenScope = "read"
    read_only: bool = True
    destructive: bool = False
    #: It asks the hubs; without, only this server.
    asks_hubs: bool = True


FACTS: dict[str, ToolFacts] = {
    "search_datasets": ToolFacts("Search datasets"),
    "search_models": ToolFacts("Search models"),
    "dataset_details": ToolFacts("Look up a dataset"),
    "preview_dataset": ToolFacts("Show the first rows"),
    "query_table": ToolFacts("Query a table", asks_hubs=False),
    "compare_datasets": ToolFacts("Compare datasets"),
    "dataset_health": ToolFacts("What is wrong with the data", asks_hubs=False),
    "dataset_versions": ToolFacts("List and compare versions", asks_hubs=False),
    "start_download": ToolFacts("Download a dataset", scope="download", read_only=False),
    "download_status": ToolFacts("How far downloads are", asks_hubs=False),
    FOLLOW: ToolFacts("Follow a download", asks_hubs=False),
    "cancel_download": ToolFacts(
        "Cancel a download", scope="download", read_only=False, destructive=True, asks_hubs=False
    ),
    "list_library": ToolFacts("List the library", asks_hubs=False),
}
_INPUTS: dict[str, type[ToolInput]] = {**AGENT_TOOLS, FOLLOW: FollowInput}
#: A tool whose scope nobody has thought of is not offered.
TOOLS: dict[str, type[ToolInput]] = {name: _INPUTS[name] for name in FACTS}
