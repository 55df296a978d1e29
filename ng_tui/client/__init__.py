"""Clients of an engine. Nothing in this package imports textual."""
