"""Streets with houses in a row, and the people who live in them."""

import math
from dataclasses import dataclass
from random import Random

METERS_A_DEGREE = 111_195.0
STREETS = (
    "Alder Amber Aspen Bayberry Beacon Birch Bluff Canyon Cedar Chestnut Clover Copper Cottonwood Crescent "
    "Dogwood Elkhorn Elm Evergreen Fairview Falcon Fern Foxglove Garnet Granite Hawthorn Heather Heritage Hickory "
    "Highland Hollow Iron Ivy Jasper Juniper Kestrel Laurel Linden Locust Lupine Magnolia Maple Meadow Mesa Mill "
    "Mulberry Oak Orchard Osprey Palmer Pine Poplar Prairie Quail Quarry Redwood Ridge River Rosewood Saddle Sage "
    "Sequoia Shadow Silver Spruce Sunset Sycamore Thistle Timber Valley Vista Walnut Willow Windmill Yarrow"
).split()
SUFFIXES = (("Street", "St"), ("Avenue", "Ave"), ("Drive", "Dr"), ("Lane", "Ln"), ("Court", "Ct"), ("Road", "Rd"))
FIRST = (
    "Aaron Alice Amy Andre Anna Ben Beth Brian Carla Carlos Cathy Chris Dana Dan Dave Diane Donna Ed Elena Eric "
    "Erin Frank Gary Gina Greg Hank Heidi Helen Ian Irene Jack James Jane Jason Jean Jenny Jim Joan Joe John "
    "Karen Keith Ken Kim Larry Laura Lee Linda Lisa Luis Maria Mark Martha Mary Matt Mike Nancy Nick Nora Omar "
    "Pam Pat Paul Pete Phil Rachel Ray Rita Rob Rosa Ruth Sam Sandra Scott Sean Sharon Steve Sue Ted Terry Tim "
    "Tina Tom Tony Vera Wendy"
).split()
LAST = (
    "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson "
    "Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis "
    "Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera "
    "Campbell Mitchell Carter Roberts Gomez Phillips Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart "
    "Morris Morales Murphy Cook Rogers Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim "
    "Cox Ward Richardson Watson Brooks Chavez Wood James Bennett Gray Mendoza Ruiz Hughes Price Alvarez Castillo "
    "Sanders Patel Myers Long Ross Foster Jimenez Olson Schmidt Kowalski Novak Fischer Weber Okafor Haddad Singh "
    "Larsen Petrov Rossi Dubois Yamamoto Abbott Barlow Calloway Dempsey Eastman Farnsworth Gallagher Hathaway "
    "Ingram Jorgensen Kirkpatrick Lindqvist McAllister Northcutt Oppenheim Pendleton Quigley Rasmussen Stapleton "
    "Thackeray Underhill Vandermeer Whitlock Yarborough Zimmerman"
).split()


@dataclass(frozen=True)
class Spot:
    lat: float
    lon: float

    def moved(self, north_m: float, east_m: float) -> "Spot":
        lon = self.lon + east_m / (METERS_A_DEGREE * math.cos(math.radians(self.lat)))
        return Spot(self.lat + north_m / METERS_A_DEGREE, lon)

    def meters_to(self, other: "Spot") -> float:
        north = (self.lat - other.lat) * METERS_A_DEGREE
        east = (self.lon - other.lon) * METERS_A_DEGREE * math.cos(math.radians(self.lat))
        return math.hypot(north, east)

    def scattered(self, rng: Random, meters: float) -> "Spot":
        return self.moved(rng.gauss(0, meters), rng.gauss(0, meters))


@dataclass(frozen=True)
class Household:
    key: str
    first: str
    last: str
    written: str
    """Its name as the CRM has it: "Tom Baker", "Baker, Tom", "Tom & Lisa Baker", "Baker Residence"."""

    number: int
    street: str
    suffix: tuple[str, str]
    quarter: int
    spot: Spot

    @property
    def address(self) -> str:
        return f"{self.number} {self.street} {self.suffix[0]}"

    @property
    def short_address(self) -> str:
        return f"{self.number} {self.street} {self.suffix[1]}"


@dataclass(frozen=True)
class Street:
    name: str
    suffix: tuple[str, str]
    quarter: int
    begins: Spot
    bearing: float
    houses: int
    spacing: float

    def house(self, n: int) -> Spot:
        along = n // 2 * self.spacing
        side = 14.0 if n % 2 else -14.0
        north = along * math.cos(self.bearing) - side * math.sin(self.bearing)
        return self.begins.moved(north, along * math.sin(self.bearing) + side * math.cos(self.bearing))


class Town:
    def __init__(self, rng: Random, quarters: int = 14, streets_each: int = 22) -> None:
        self._rng = rng
        self.center = Spot(rng.uniform(31, 46), rng.uniform(-118, -78))
        self.office = self.center.scattered(rng, 1500)
        self.streets: list[Street] = []
        self.quarters = [self.center.scattered(rng, 9000) for _ in range(quarters)]
        for number, middle in enumerate(self.quarters):
            for name in rng.sample(STREETS, streets_each):
                self.streets.append(
                    Street(
                        name,
                        rng.choice(SUFFIXES),
                        number,
                        middle.scattered(rng, 900),
                        rng.uniform(0, math.tau),
                        rng.randint(16, 60),
                        rng.uniform(17, 40),
                    )
                )
        self._count = 0

    def household(self, quarter: int | None = None, near: Household | None = None) -> Household:
        """Somebody new: anywhere, in a quarter, or a few doors from a household."""
        rng = self._rng
        if near is not None:
            street = next(s for s in self.streets if s.name == near.street and s.quarter == near.quarter)
            n = max(0, min(street.houses - 1, (near.number % 100) + rng.choice((-4, -3, -2, 2, 3, 4, 6, 8))))
            n = n + 1 if n == near.number % 100 else n
        else:
            street = rng.choice([s for s in self.streets if quarter is None or s.quarter == quarter])
            n = rng.randrange(street.houses)
        self._count += 1
        first, last = rng.choice(FIRST), _surname(rng)
        hundred = (hash_of(street.name) % 90 + 1) * 100
        return Household(
            f"c{self._count}",
            first,
            last,
            _written(rng, first, last),
            hundred + n,
            street.name,
            street.suffix,
            street.quarter,
            street.house(n).scattered(rng, 4),
        )

    def namesake(self, home: Household) -> Spot:
        """Where a geocoder puts the address when it picks another town's street of that name."""
        same = [s for s in self.streets if s.name == home.street and s.quarter != home.quarter]
        if same:
            return self._rng.choice(same).house(self._rng.randrange(16))
        return home.spot.scattered(self._rng, 15_000)


def hash_of(text: str) -> int:
    value = 7
    for letter in text:
        value = (value * 31 + ord(letter)) % 1_000_003
    return value


def _surname(rng: Random) -> str:
    # A few names are common, most are rare.
    return LAST[min(len(LAST) - 1, int(rng.paretovariate(0.55)) - 1)] if rng.random() < 0.3 else rng.choice(LAST)


def _written(rng: Random, first: str, last: str) -> str:
    dice = rng.random()
    if dice < 0.62:
        return f"{first} {last}"
    if dice < 0.74:
        return f"{first} & {rng.choice(FIRST)} {last}"
    if dice < 0.84:
        return f"{last}, {first}"
    if dice < 0.92:
        return f"{last} Residence"
    return f"{first} {rng.choice('ABCDEHJLMRST')}. {last}"
