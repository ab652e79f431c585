"""Three servers from one base, and a configuration file with more than one mistake."""

from contracts.patterns.builder import InvalidServer, Rule, UnknownOptions
from graders.kit import Implementation


def play(impl: Implementation) -> None:
    """Show what is derived, what is refused, and what is not told."""
    base = impl.ServerBuilder().host("example.org").labels({"team": "blue"})
    inside = base.port(8080).build()
    outside = base.port(443).certificate("cert.pem").key("s3cret").workers(4)
    print("one base, two servers:")
    print(f"  {inside!r}")
    print(f"  {outside.build()!r}")
    print("from a file, with mistakes that are told together:")
    file = {"port": 443, "workers": 0, "timeout": 2.5, "routes": {"users": "list_users"}}
    try:
        base.load(file).build()
    except InvalidServer as error:
        for each in error.violations:
            print(f"  {' and '.join(each.fields)}: {each.rule}")
    try:
        base.load({"prot": 80})
    except UnknownOptions as error:
        print(f"  {error}")
    small = Rule("small machine", ("workers",), lambda workers: workers <= 2)
    try:
        outside.rule(small).build()
    except InvalidServer as error:
        print(f"with a rule of its own: {error}")
    changed = impl.ServerBuilder().like(inside).port(8081).build()
    print(f"like the first, on another port: {changed.port}; the first is still on {inside.port}")
