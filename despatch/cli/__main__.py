"""`python -m despatch.cli`: what the supervisor starts its stages with."""

from despatch.cli import main

main()
