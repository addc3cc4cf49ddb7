"""Typed readers: numbers, money, times, quantities, names and yes or no, out of what was said. Pure."""
