"""How long an hour of audio takes."""
