"""Webhooks: signed, delivered, and retried."""
