"""Tools of one thing, called one after the other: what one makes, another reads, changes, lists and removes."""
