"""A small shop whose functions are offered as tools: to Python programs, and over MCP."""
