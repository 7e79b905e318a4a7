"""Promises that only more than one call can show: repeated, side by side, and what they leave behind."""
