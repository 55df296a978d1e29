"""Patterns: the kinds of events, the new ones first."""
