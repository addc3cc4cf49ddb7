"""The one way in which words refuse to become a value."""


class UnclearError(ValueError):
    """The words cannot be converted with certainty. The message says why, without the words."""
