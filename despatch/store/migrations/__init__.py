"""The store's migrations, run by `despatch migrate`. Forward only: see `despatch.store.schema`.

A new one is written by hand beside the others in `versions/`, with `HEAD` in `schema.py` raised;
the test that compares a migrated store with `tables` lists what it still lacks.
"""
