"""Brings the graders' plugin to every pytest run of this repository."""

pytest_plugins = ["graders.kit.plugin"]
