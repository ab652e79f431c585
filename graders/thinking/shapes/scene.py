"""A surveyor's morning: shapes as keys, a kind that nobody knew, a broken one, and a sum that depends on nothing."""

from types import SimpleNamespace

from contracts.thinking.shapes import BadArea, UnknownKind
from graders.kit import Implementation


def play(impl: Implementation) -> None:
    """Show what is equal, what is a shape, and what is refused."""
    floor, pond = impl.Rectangle(4, 2.5), impl.Circle(1)
    print(f"{floor} has the area {floor.area}, {pond} {pond.area:.4f}")
    owners = {floor: "Ann", pond: "Ben"}
    print(f"a key made anew finds {owners[impl.Rectangle(4.0, 2.5)]}: shapes are values")
    try:
        floor.width = 5
    except (AttributeError, TypeError) as error:
        print(f"floor.width = 5: {type(error).__name__}")
    plot = SimpleNamespace(area=30, owner="another department")
    shapes = [floor, pond, plot, impl.Rectangle(5, 6)]
    print(f"total of four shapes, one of them a stranger: {impl.total_area(shapes):.4f}")
    print(f"largest, the first of two: {impl.largest(shapes)}")
    kinds = impl.area_by_kind(shapes).items()
    print(f"by kind: {', '.join(f'{kind.__name__} {area:.4f}' for kind, area in kinds)}")
    grains = [SimpleNamespace(area=area) for area in [1e16] + [0.3] * 10]
    print(f"1e16 and ten times 0.3: {impl.total_area(grains)!r}; one after the other: {1e16!r}")
    try:
        impl.total_area([*shapes, SimpleNamespace(area=float("nan"))])
    except BadArea as error:
        print(f"BadArea: {error}")
    catalogue = impl.Catalogue()
    try:
        catalogue.parse("square 3")
    except UnknownKind as error:
        print(f"UnknownKind: {error}")
    catalogue.add("square", lambda side: impl.Rectangle(side, side), 1)
    print(f"after add('square', …): {catalogue.parse('square 3')}")
