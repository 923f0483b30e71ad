"""Subscribers hear of it, once, with the reason."""
