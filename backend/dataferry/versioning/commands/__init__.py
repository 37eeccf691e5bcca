"""What a user calls: one module for each command that is more than a call."""
