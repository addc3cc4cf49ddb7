"""Scores of conversations: metrics over their words, and scorecards over the metrics."""
