"""What git calls: the hooks and how they are installed, commits, merges, and whose code may run."""
