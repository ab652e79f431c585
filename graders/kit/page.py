"""One self-contained HTML page: nothing is loaded, no script runs, every text is escaped, light and dark, any width."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Final

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
COLOURS: Final = """
:root {
  color-scheme: light dark;
  --text: #1d2430; --quiet: #5a6473; --back: #ffffff; --card: #f4f6f9; --line: #d8dde5;
  --good: #1a7f4b; --bad: #b3261e; --mark: #2f5fd0; --other: #9aa5b5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6e9ee; --quiet: #a3adbb; --back: #14181f; --card: #1d232c; --line: #343c48;
    --good: #5fd39a; --bad: #ff8a80; --mark: #86a8ff; --other: #66707f;
  }
}
"""
DRAWING: Final = """
svg text { fill: var(--text); font: 13px system-ui, sans-serif; } svg .head { font-weight: 600; }
svg .quiet { fill: var(--quiet); } svg .end { text-anchor: end; } svg .bar { fill: var(--other); }
svg .yours { fill: var(--mark); } svg .reference { fill: var(--quiet); }
svg .line { stroke: var(--line); } svg .whisker { stroke: var(--text); }
svg .mark { stroke: var(--quiet); stroke-dasharray: 3 3; }
"""
PROSE: Final = """
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 3rem; background: var(--back);
  color: var(--text); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p.quiet, .quiet { color: var(--quiet); }
p.question { font-weight: 600; margin-bottom: 0; } p.question + p { margin-top: 0; }
.good { color: var(--good); } .bad { color: var(--bad); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; overflow-wrap: break-word; }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
@media (max-width: 30rem) { table { font-size: .8rem; } th, td { padding-right: .4rem; } }
th, td { overflow-wrap: break-word; vertical-align: top; }
td.number, th.number { text-align: right; white-space: nowrap; }
pre { background: var(--card); padding: .75rem; border-radius: .4rem; white-space: pre-wrap; }
figure { margin: 1rem 0; } svg { display: block; width: 100%; height: auto; }
svg.narrow { max-width: 36rem; }
"""
STYLE: Final = f"{COLOURS}{DRAWING}{PROSE}"


def page(title: str, body: Iterable[str]) -> str:
    """A whole page; `title` is text, the parts of `body` are HTML made by the functions below."""
    parts = "\n".join(body)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<h1>{escape(title)}</h1>\n{parts}\n</body>\n</html>\n"
    )


def heading(text: str) -> str:
    """A heading of a section."""
    return f"<h2>{escape(text)}</h2>"


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of plain text; `kind` is quiet, good, bad or question."""
    return f'<p class="{escape(kind)}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def listing(items: Iterable[str]) -> str:
    """A list of plain texts."""
    rows = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f"<ul>{rows}</ul>"


def preformatted(text: str) -> str:
    """Text as it stands, such as a report."""
    return f"<pre>{escape(text)}</pre>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """A table of plain texts; the columns in `numbers` are aligned to the right."""

    def cells(tag: str, row: Sequence[str]) -> str:
        kinds = (' class="number"' if index in numbers else "" for index in range(len(row)))
        return "".join(
            f"<{tag}{kind}>{escape(cell)}</{tag}>" for kind, cell in zip(kinds, row, strict=True)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return (
        f'<div class="wide"><table><thead><tr>{cells("th", head)}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def figure(svg: str, caption: str) -> str:
    """A drawing made by the kit (not escaped), with its caption."""
    return f'<figure>{svg}<figcaption class="quiet">{escape(caption)}</figcaption></figure>'


def drawing(
    width: int, height: int, parts: Iterable[str], label: str, *, alone: bool = False
) -> str:
    """An SVG of elements made by the kit (not escaped); `alone` gives it its own style and ground."""
    style = f"<style>{COLOURS}svg {{ background: var(--back); }}{DRAWING}</style>" if alone else ""
    room = 12 if alone else 0
    box = f"{-room} {-room} {width + 2 * room} {height + 2 * room}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img"'
        f' style="max-width: {width * 4 // 3}px" aria-label="{escape(label)}">{style}{"".join(parts)}</svg>'
    )


def write_page(path: Path, text: str) -> None:
    """Put the page at `path` in one step; a lone surrogate is written as its escape."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".tmp")
    new.write_text(text, encoding="utf-8", errors="backslashreplace")
    new.replace(path)
