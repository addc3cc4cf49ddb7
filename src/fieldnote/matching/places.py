"""Places and the way between them."""

from __future__ import annotations

from math import asin, cos, isfinite, radians, sin, sqrt

from fieldnote.matching.records import Place

EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG


def is_usable(place: Place | None) -> bool:
    """Whether a place says anything: (0, 0) is how devices and CRMs spell "unknown"."""
    if place is None or not (isfinite(place.latitude) and isfinite(place.longitude)):
        return False
    if abs(place.latitude) > 90 or abs(place.longitude) > 180:
        return False
    return not (place.latitude == 0 and place.longitude == 0)


def place_distance_m(a: Place | None, b: Place | None) -> float | None:
    """Meters between two places on the sphere (haversine); None where either is missing or not usable."""
    return distance_m(a, b) if is_usable(a) and is_usable(b) else None


def distance_m(a: Place | None, b: Place | None) -> float | None:
    """The same for places that are missing or usable."""
    if a is None or b is None:
        return None
    lat_a, lat_b = radians(a.latitude), radians(b.latitude)
    half_lat = sin((lat_b - lat_a) / 2)
    half_lon = sin(radians(b.longitude - a.longitude) / 2)
    h = half_lat * half_lat + cos(lat_a) * cos(lat_b) * half_lon * half_lon
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(h)))
