"""CRM records: engagements, opportunities, accounts, reps, and links."""
