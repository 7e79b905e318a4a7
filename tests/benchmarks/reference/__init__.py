"""The figures of the reference system's own performance tests, and ours on the same work: see `__main__.py`."""
