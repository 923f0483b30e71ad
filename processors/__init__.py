"""Releases get their themes, with the evidence."""
