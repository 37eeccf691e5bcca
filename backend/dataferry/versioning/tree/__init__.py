"""What stands beside an index file, and how it follows the lock in the working tree."""
