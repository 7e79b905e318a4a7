"""Tools with one planted bug each, their correct twins, and what the program finds in them.

`python -m tests.benchmarks.generators` runs all pairs in every form and prints the table.
"""
