"""What a Python process that a target starts loads first, where a fault is to reach it."""
