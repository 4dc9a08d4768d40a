"""Reads the pages of the documentation: headings, links, tables and fenced blocks, with their places.

A directive in a comment right before a block of commands says that it is not executed, and why:

    <!-- check: skip, the reason -->
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = "README.md"
FOLDER = "infra/docs"
FENCE = re.compile(r"(?P<ticks>```+)(?P<info>[^`]*)")
DIRECTIVE = re.compile(r"<!-- check: (?P<what>[a-zA-Z ]+), (?P<reason>.+) -->")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"(?P<level>#{1,6}) (?P<title>.+)")


@dataclass
class Block:
    page: str
    line: int
    """Of its first fence, from 1."""
    language: str
    extra: str
    """What stands behind the language: `mistake` or `binding`."""
    text: str
    directive: str = ""
    reason: str = ""
    is_followed: bool = False
    """Whether the next block is right behind it, with nothing but space between."""

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass
class Page:
    path: str
    text: str
    blocks: list[Block] = field(default_factory=list)
    prose: list[tuple[int, str]] = field(default_factory=list)
    """Lines outside of blocks, with their numbers."""
    faults: list[str] = field(default_factory=list)

    @property
    def anchors(self) -> set[str]:
        return {slug(title) for _, _, title in self.headings()}

    def headings(self) -> Iterator[tuple[int, int, str]]:
        """Line, level and title of each."""
        for number, line in self.prose:
            if found := HEADING.fullmatch(line.rstrip()):
                yield number, len(found["level"]), found["title"]

    def section(self, title: str) -> list[str]:
        """The lines of prose below a heading, down to the next one of the same or a higher level."""
        lines: list[str] | None = None
        depth = 0
        for _, line in self.prose:
            found = HEADING.fullmatch(line.rstrip())
            if found and lines is not None and len(found["level"]) <= depth:
                break
            if lines is not None:
                lines.append(line)
            elif found and found["title"] == title:
                lines, depth = [], len(found["level"])
        return lines or []

    def blocks_of(self, title: str) -> list[Block]:
        """The blocks of a section, its own subsections not counted."""
        places = [(number, name) for number, _, name in self.headings()] + [(len(self.text.splitlines()) + 1, "")]
        for (begin, name), (end, _) in zip(places, places[1:], strict=False):
            if name == title:
                return [block for block in self.blocks if begin < block.line < end]
        return []

    def first_cells(self, title: str) -> set[str]:
        """The code in the first cells of the tables of a section."""
        rows = [line for line in self.section(title) if line.startswith("| `")]
        return {name for row in rows for name in re.findall(r"`([^`]+)`", row.split(" | ")[0])}

    def links(self) -> Iterator[tuple[int, str]]:
        for number, line in self.prose:
            for found in LINK.finditer(re.sub(r"`[^`]*`", "", line)):
                yield number, found["target"]

    def codes(self) -> Iterator[tuple[int, str]]:
        """What stands in backticks outside of blocks."""
        for number, line in self.prose:
            for text in re.findall(r"`([^`]+)`", line):
                yield number, text


def slug(title: str) -> str:
    """The anchor that GitHub makes of a heading."""
    plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
    return re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-")


def read_page(path: str, text: str) -> Page:
    page = Page(path, text)
    ticks = ""
    waiting: tuple[int, str, str] | None = None
    last: Block | None = None
    for number, line in enumerate(text.splitlines(), 1):
        fence = FENCE.fullmatch(line.strip())
        if ticks:
            if line.strip() == ticks:
                ticks = ""
            else:
                page.blocks[-1].text += line + "\n"
        elif fence:
            ticks = fence["ticks"]
            language, _, extra = fence["info"].strip().partition(" ")
            block = Block(path, number, language, extra, "")
            if waiting:
                _, block.directive, block.reason = waiting
                waiting = None
            if last is not None:
                last.is_followed = True
            last = block
            page.blocks.append(block)
        else:
            if waiting:
                page.faults.append(f"{path}:{waiting[0]}: a directive that stands before no block")
                waiting = None
            page.prose.append((number, line))
            if line.strip():
                last = None
            if "<!-- check" in line:
                found = DIRECTIVE.fullmatch(line.strip())
                if found:
                    waiting = (number, found["what"], found["reason"])
                else:
                    page.faults.append(f"{path}:{number}: a directive is `<!-- check: what, reason -->`")
    if ticks:
        page.faults.append(f"{page.blocks[-1].place}: the block does not end")
    return page


def texts() -> dict[str, str]:
    """All pages, by path below the root."""
    paths = [ROOT / README, *sorted((ROOT / FOLDER).glob("*.md"))]
    return {str(path.relative_to(ROOT)): path.read_text() for path in paths}
