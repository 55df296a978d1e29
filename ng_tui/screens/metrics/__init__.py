"""Metrics: what flows through the engine, and this host."""
