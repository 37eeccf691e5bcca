"""What a dataset is made of, in figures, and what is wrong with it: computed from its bytes by jobs."""
