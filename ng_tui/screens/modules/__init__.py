"""Modules: the parts of the engine, each with a switch and a form."""
