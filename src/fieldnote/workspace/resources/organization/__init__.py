"""The organization: users, teams, tokens, OAuth apps, conversation types."""
