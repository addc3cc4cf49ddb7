"""Recordings and everything that belongs to one."""
