"""Files: digests, safe names, hardlinks, and changes that survive a power cut."""
