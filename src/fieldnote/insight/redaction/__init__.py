"""Removes what nobody should keep: card, social security and bank numbers, birth dates, passwords and codes."""
