"""Events: the live stream, a list that reads the ring."""
