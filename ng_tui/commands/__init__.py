"""One file for each command of `neurograph-tui`."""
