"""The outputs of the agent's tools in the OpenAPI document, so that one generator types the page."""

from fastapi import FastAPI

from dataferry.tools.outputs import DetailsOutput, JobsOutput, LibraryOutput, SearchOutput, StartOutput

ToolOutput = SearchOutput | DetailsOutput | StartOutput | JobsOutput | LibraryOutput


def document_tool_outputs(app: FastAPI) -> None:
    """Declare what an answer's stream carries as the ``output`` of a tool."""

    @app.webhooks.post("tool-output")
    def tool_output(body: ToolOutput) -> None:
        """A tool of the agent has answered."""
