"""One file a version, `v0001_…`; a version that was released is never changed."""
