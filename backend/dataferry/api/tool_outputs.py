"""The outputs of the agent's tools in the OpenAPI document, so that one generator types the page."""

from fastapi import FastAPI

from dataferry.tools.outputs import DetailsOutput, JobsOutput, LibraryOutput, SearchOutput, StartOutput

ToolOutput = SearchOutput | DetailsOutput | StartOutput | JobsOutput | LibraryOutput


def document_tool_outputs(app: FastAPI) -> None:
    """Declare what an answer's stream carries as the ``output`` of a tool."""

    # As a response, not a body: it describes what is sent, computed fields and all.
    @app.webhooks.post("tool-output", response_model=ToolOutput)
    def tool_output() -> None:
        """A tool of the agent has answered."""
