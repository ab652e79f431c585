"""Parts that fail: how much of the time enough of them are up."""

from fractions import Fraction

from contracts.services.framework import DAY, YEAR, BadInput, Exact, Group, Quantity, Unit
from solutions.services.framework.rules import PART, check, is_int, is_tuple


def availability(system: Exact | Group) -> Fraction:
    """Of a group, add up the chances of every number of parts that is enough."""
    if not isinstance(system, Group):
        check("availability", system, PART)
        return Fraction(system)
    _check_group(system)
    chances = [Fraction(1)]  # chances[n]: that n of the parts so far are up
    for part in system.parts:
        up = availability(part)
        chances = [
            down_now + up_now
            for down_now, up_now in zip(
                [chance * (1 - up) for chance in chances] + [Fraction(0)],
                [Fraction(0)] + [chance * up for chance in chances],
                strict=True,
            )
        ]
    return sum(chances[system.needed :], Fraction(0))


def downtime(system: Exact | Group) -> Quantity:
    """The rest of the year."""
    return Quantity((1 - availability(system)) * YEAR * DAY, Unit.SECONDS)


def _check_group(group: Group) -> None:
    if not is_tuple(group.parts) or not group.parts:
        raise BadInput("parts", "must be a tuple with at least one part")
    if not (is_int(group.needed) and 1 <= group.needed <= len(group.parts)):
        raise BadInput("needed", f"must be an int from 1 to {len(group.parts)}")
