"""A terminal console for watching and steering a live event engine."""

__version__ = "0.1.0"
