"""git datasets: an index file says what a dataset is, and git versions it, data and all.

Nothing here needs a server, and nothing of the rest of Dataferry but ``core``.
"""
