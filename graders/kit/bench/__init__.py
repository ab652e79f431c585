"""`nox -s bench`: yours, the reference and the peers in figures. Never a verdict."""
