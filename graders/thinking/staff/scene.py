"""A promotion, an exchange, a reorganisation that would close a circle, and a departure."""

from typing import Any

from graders.kit import Implementation


def play(impl: Implementation) -> None:
    """Show what a manager is made of, and what happens to the tree."""

    def show(manager: Any, level: int = 1) -> None:
        for each in manager.team():
            depth, above = level, each
            while above is not manager:
                depth, above = depth + 1, above.manager
            print(f"{'   ' * depth}{each.name}, {each.title}, {each.salary:,}")

    ann, bob = impl.Worker("Ann", "welder", 3_000), impl.Worker("Bob", "fitter", 3_200)
    cid, dot = impl.Worker("Cid", "clerk", 2_500), impl.Worker("Dot", "driver", 2_600)
    head = impl.Manager(ann)
    print("Ann gets reports: a manager who has Ann")
    boss = impl.Manager(impl.Worker("Zoe", "director", 9_000))
    boss.add(head)
    head.add(cid)
    head.add(dot)
    ann.title, ann.salary = "head of the workshop", 4_500
    show(boss)
    print(f"{boss.headcount()} people, payroll {boss.payroll():,}")
    print("Bob takes over: head.role = bob")
    head.role = bob
    print(f"   {head.work('plan the week')}")
    print("the director shall report to the workshop")
    try:
        head.add(boss)
    except ValueError as error:
        print(f"   {type(error).__name__}: {error}")
    print("Bob's post is cut: boss.dismiss(head)")
    boss.dismiss(head)
    show(boss)
