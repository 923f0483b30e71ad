"""Watches government releases and tells people about the ones that matter to them.

The one name outsiders import: `despatch.model` is all that travels, `despatch.testing` the fakes.
"""

__version__ = "0.1.0"
