"""One file for each row of the bench: what it is about, and `measure`."""
