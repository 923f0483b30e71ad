"""The composition root: the only place that knows which adapters are in use."""

from despatch.app.wiring import App

__all__ = ["App"]
