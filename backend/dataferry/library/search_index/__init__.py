"""The search index as people meet it: built and refreshed by a job, offered, looked at and removed.

What is in it, and how it is searched, is in ``sources.index``.
"""
