"""``python -m benchmarks.transfer``: the transfer engine beside the tools that people use today.

Every tool is a whole process, ours too. All read the same files from one nginx on loopback that the
command starts; in each round every tool has its turn, so that what else the machine does hits all alike.
Medians of five rounds, after one that is not counted. What a tool brought is checked, then removed.
"""
