"""Alerts: what is wrong at present and what was, with its members, and what is silenced."""
