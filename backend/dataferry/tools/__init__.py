"""The tools of an agent: what it may do, and how tools and results are described to a model."""
