"""Densities as tables of shares by bin: they take the shape of any organization's habits, and are fast to read."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import pi


@dataclass(frozen=True, slots=True)
class Table:
    """Shares that add up to 1, each spread evenly over its bin. A value outside belongs to the nearest bin."""

    edges: tuple[float, ...]
    """One more than there are bins, ascending."""
    shares: tuple[float, ...]
    rings: bool = False
    """The edges are radii in meters, so a bin's size is its ring's area. Otherwise it is its width."""
    densities: tuple[float, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        sizes = [
            pi * (high * high - low * low) if self.rings else high - low
            for low, high in zip(self.edges, self.edges[1:], strict=False)
        ]
        densities = tuple(share / size for share, size in zip(self.shares, sizes, strict=True))
        object.__setattr__(self, "densities", densities)

    def bin(self, value: float) -> int:
        return min(max(bisect_right(self.edges, value) - 1, 0), len(self.shares) - 1)

    def at(self, value: float) -> float:
        """Density at a value: per unit of the edges, or per square meter."""
        edges = self.edges
        if value <= edges[0]:
            return self.densities[0]
        if value >= edges[-1]:
            return self.densities[-1]
        return self.densities[bisect_right(edges, value) - 1]

    def learned(self, counts: Sequence[float], weight: float, kept: float) -> Table:
        """This table as a prior that weighs as much as `weight` cases, and counted cases beside it.

        A share of `kept` stays the prior's whatever is counted: rare values are easily counted as something else.
        """
        total = sum(counts) + weight
        shares = tuple(
            kept * share + (1 - kept) * (count + weight * share) / total
            for count, share in zip(counts, self.shares, strict=True)
        )
        return Table(self.edges, shares, self.rings)


def table(*pairs: float, rings: bool = False) -> Table:
    """`table(e0, s0, e1, s1, ..., en)`: edges with the share between them; the shares are scaled to add up to 1."""
    edges, shares = pairs[::2], pairs[1::2]
    total = sum(shares)
    return Table(edges, tuple(share / total for share in shares), rings)
