"""A week of expenses: who is asked, who decides, and what happens when a desk is rebuilt or breaks."""

from typing import Any

from contracts.patterns.chain_of_responsibility import Expense, Verdict
from graders.kit import Implementation


def play(impl: Implementation) -> None:
    """Show the way of each expense."""
    team, board, desk = impl.Chain(), impl.Chain(), impl.Chain()
    team.add("lead", impl.up_to(5_000, "EUR"))
    team.add("manager", impl.up_to(50_000, "EUR"))
    board.add("ann", impl.up_to(1_000_000, "EUR"))
    board.add("bob", lambda expense: Verdict.REFUSED)
    desk.add("team", team)
    desk.add("board", board)

    def decide(claimant: str, amount: int) -> None:
        said = f"{claimant} spends {amount / 100:,.2f}"
        try:
            decision: Any = desk.decide(Expense(claimant, amount))
            print(f"  {said:<24}{decision.verdict.value:<10}asked: {', '.join(decision.asked)}")
        except Exception as error:
            print(f"  {said:<24}{type(error).__name__}: {error}")

    print("a team of two, then the board of two; ann may spend up to 10,000.00")
    decide("zoe", 4_200)
    decide("zoe", 420_000)
    decide("ann", 420_000)
    print("the audit is put before the board, and breaks")
    desk.add("audit", lambda expense: 1 / 0, before="board")
    decide("zoe", 420_000)
    desk.remove("audit")
    print("bob leaves; then somebody wants the board to ask the desk")
    board.remove("bob")
    decide("ann", 420_000)
    try:
        board.add("desk", desk)
    except ValueError as error:
        print(f"  board.add('desk', desk)   {type(error).__name__}: {error}")
