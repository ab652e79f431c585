"""Six guests, two cooks, room for two orders: the pool is full, pushes back, and closes in good order."""

import threading
import time

from graders.kit import Implementation


def play(impl: Implementation) -> None:
    """Show which task runs when, in which thread, and who has to wait."""
    start, lock = time.monotonic(), threading.Lock()

    def say(text: str) -> None:
        with lock:
            print(f"  {time.monotonic() - start:4.1f} s  {text}")

    def cook(order: int) -> str:
        say(f"order {order} on the stove of {threading.current_thread().name}")
        time.sleep(0.5)
        return f"meal {order}"

    print("WorkerPool(workers=2, backlog=2): four places")
    pool = impl.WorkerPool(workers=2, backlog=2)
    meals = []
    for order in range(1, 7):
        meals.append(pool.submit(cook, order))
        say(f"order {order} accepted")
    say("shutdown(): nothing new is accepted, all that is accepted is cooked")
    pool.shutdown()
    say(f"served: {', '.join(meal.result() for meal in meals)}")
    try:
        pool.submit(cook, 7)
    except Exception as error:
        say(f"order 7: {type(error).__name__}")
