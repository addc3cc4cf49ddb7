"""The one way in which words refuse to become a value."""


class UnclearError(ValueError):
    """What was said cannot be converted with certainty. The message says why, without the words."""
