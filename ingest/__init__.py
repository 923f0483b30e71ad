"""Releases come in: sources are polled and what is new is published."""
