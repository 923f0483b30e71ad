"""`python -m ingest`: the same as `despatch` with this stage's command."""

from despatch.cli import main

main(["poll"])
