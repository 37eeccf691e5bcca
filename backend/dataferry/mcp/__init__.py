"""The agent's tools for other programs' assistants, over the Model Context Protocol (ADR 0054)."""
