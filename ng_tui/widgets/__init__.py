"""One widget for each file, each with its own DEFAULT_CSS."""
