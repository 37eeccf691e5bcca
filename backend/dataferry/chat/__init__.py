"""Conversations, the agent and its tools."""
