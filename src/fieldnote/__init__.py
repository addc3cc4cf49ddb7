"""Fieldnote joins a CRM and Siro, both ways."""

__version__ = "0.1.0"
