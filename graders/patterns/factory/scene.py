"""A shop tells its customers: two kinds are built in, a third is a plug-in, and options go wrong."""

from typing import Any

from graders.kit import Implementation


class Push:
    """A plug-in: the factory has never heard of it."""

    def __init__(self, app: str, silent: bool = False) -> None:
        self.app, self.silent = app, silent

    def send(self, to: str, text: str) -> None:
        """Print it."""
        print(f"  push       {self.app} to {to}: {text}")


def play(impl: Implementation) -> None:
    """Show what is made, and what is said of what cannot be."""
    factory = impl.NotifierFactory()
    factory.register("push")(Push)
    print(f"kinds: {', '.join(factory.kinds())}")
    email = create(factory, "email", sender="shop@example.org", transport=post)
    email.send("zoe@example.org", "it is on its way")
    create(factory, "push", app="shop").send("zoe", "it is here")
    print("what goes wrong")
    create(factory, "puhs", app="shop")
    create(factory, "push", application="shop", loud=True)
    create(factory, "sms", number="030 123456", transport=post)
    factory.register("fax", "fax_machines_of_the_nineties:Fax")
    print(f"a kind by path is registered without being imported: {', '.join(factory.kinds())}")
    create(factory, "fax")
    try:
        factory.register("push", Push)
    except ValueError as error:
        print(f"  register('push', ...)\n      {type(error).__name__}: {error}")


def create(factory: Any, kind: str, **options: Any) -> Any:
    """Create, and show the call; an error is shown as well."""
    print(f"  create({', '.join([repr(kind), *(f'{name}=...' for name in options)])})")
    try:
        return factory.create(kind, **options)
    except Exception as error:
        print(f"      {type(error).__name__}: {error}")
        for note in getattr(error, "__notes__", []):
            print(f"      note: {note}")


def post(message: object) -> None:
    """A transport that prints."""
    print(f"  transport  {message}")
