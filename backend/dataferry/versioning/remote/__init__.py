"""Where data is kept beside git: packs, pushes, fetches, and the deletion of what nothing needs."""
