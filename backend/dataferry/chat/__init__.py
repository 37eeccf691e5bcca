"""Conversations, the agent and the planner."""
