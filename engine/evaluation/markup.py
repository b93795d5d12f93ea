"""Small pieces of HTML and of English that the report's chapters share. Everything they are given is escaped."""

from collections.abc import Iterable, Mapping
from html import escape


def facts(facts: Mapping[str, str | None]) -> str:
    rows = (f"<dt>{escape(name)}</dt><dd>{escape(words)}</dd>" for name, words in facts.items() if words)
    return f"<dl>{''.join(rows)}</dl>"


def listed(lines: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def counted(n: int, thing: str) -> str:
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"
