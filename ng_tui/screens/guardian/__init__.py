"""Guardian: the rules with what they objected to, and the alerts."""
