"""Matching recordings to appointments: evidence, links, and the choices of people."""
