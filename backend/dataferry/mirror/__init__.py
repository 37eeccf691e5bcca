"""The library as a HuggingFace Hub: what its clients ask, answered from the datasets that are here."""
