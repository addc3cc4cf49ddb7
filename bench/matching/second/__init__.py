"""A second year of field sales, to measure the matcher on a world that it was not built beside.

It simulates the days that reps really had (drives, doors, visits, calls), and then the CRM rows and the recordings
that people and devices left of those days. It shares no code and no rates with `bench.matching.world`.
"""
