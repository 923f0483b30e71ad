"""Weights of themes from labelled releases, with the packages of despatch[fit].

No stage uses it: the numbers that it finds are all that judging needs.
"""
