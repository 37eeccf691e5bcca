"""git datasets beside DVC, git-lfs and git-annex, and its remotes (``python -m benchmarks.git_datasets``)."""
