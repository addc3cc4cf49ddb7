"""CRM records: stored, merged, and mapped to users."""
