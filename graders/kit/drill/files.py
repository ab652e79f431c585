"""Files that are whole or not there, whatever dies meanwhile."""

import os
from pathlib import Path


def replace(path: Path, text: str, *, sync: bool = True) -> None:
    """Put the text at `path` in one step; with `sync` it is on the disk when this returns."""
    new = _written(path, text, sync=sync)
    new.replace(path)


def create(path: Path, text: str) -> bool:
    """The same where nothing is; False, and nothing done, where something is."""
    if path.exists() or path.is_symlink():
        return False
    new = _written(path, text, sync=True)
    try:
        os.link(new, path)
    except FileExistsError:
        return False
    finally:
        new.unlink()
    return True


def _written(path: Path, text: str, *, sync: bool) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with new.open("w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
        if sync:
            file.flush()
            os.fsync(file.fileno())
    return new
