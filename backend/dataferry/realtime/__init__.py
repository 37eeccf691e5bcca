"""Events, their log and the bus that carries them."""
