"""Scorecards, their metrics, and evaluations."""
