"""A morning at the news agency: one subscriber fails, one publishes, one leaves."""

from graders.kit import Implementation


def play(impl: Implementation) -> None:
    """Show who is told what, and in which order."""
    agency = impl.NewsAgency()

    def radio(news: object) -> None:
        print(f"  radio      reads {news!r}")

    def blog(news: object) -> None:
        print(f"  blog       comments on {news!r}, which is news itself")
        agency.publish("comments", f"they say {news}")

    def intern(news: object) -> None:
        print(f"  intern     spills coffee over {news!r}")
        raise RuntimeError("coffee")

    for callback in (radio, blog, intern):
        agency.subscribe(callback, "weather")
    paper = agency.subscribe(lambda news: print(f"  paper      prints {news!r}"), "weather")
    agency.subscribe(lambda news: print(f"  archive    keeps {news!r}"), "comments")
    print("publish('weather', 'rain'): everybody is told, then the failures come together")
    try:
        agency.publish("weather", "rain")
    except ExceptionGroup as failures:
        print(f"  publish    raised {failures.exceptions}")
    paper.cancel()
    print(f"the paper has cancelled (active: {paper.active}); publish('weather', 'sun')")
    try:
        agency.publish("weather", "sun")
    except ExceptionGroup as failures:
        print(f"  publish    raised {failures.exceptions}")
