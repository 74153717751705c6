"""Just enough of CEL's grammar to find names, calls and macros in an expression, with where they stand.

Operators do not matter here: an expression is a run of operators and members. Google's parser remains the
judge of what is an expression; this one only has to agree with it about names and brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_DEPTH = 200
_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<string>[bB]?[rR]?(?:\"\"\"(?s:.*?)\"\"\"|'''(?s:.*?)''')
        |(?:[bB]?[rR]|[rR][bB])(?:"[^"\n]*"|'[^'\n]*')
        |[bB]?(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<number>0[xX][0-9a-fA-F]+[uU]?|\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?|\d+[uU]?)
    |(?P<ident>[A-Za-z_]\w*|`[^`\n]+`)
    |(?P<op>&&|\|\||[<>=!]=|[-+*/%<>!?:=,.()\[\]{}])""",
    re.VERBOSE,
)
_WORDS_AS_OPERATORS = frozenset({"in"})
_CLOSING = {"(": ")", "[": "]", "{": "}"}


class SyntaxUnreadable(ValueError):
    """Not CEL, or nested too deeply. Google's parser says it better, where it disagrees at all."""


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int
    end: int


@dataclass
class Run:
    """A sequence of operators (tokens) and members: one expression. `end` is exclusive."""

    parts: list[Token | Member] = field(default_factory=list)
    start: int = 0
    end: int = 0

    def only_name(self) -> str | None:
        """The identifier, when the expression is nothing else."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Member) and not self.parts[0].steps:
            head = self.parts[0].head
            return head.text if isinstance(head, Token) and head.kind == "ident" else None
        return None


@dataclass
class Group:
    """What stands between two brackets: expressions, with the separators (commas, colons, question marks)."""

    opening: str
    items: list[Run]
    start: int
    end: int


@dataclass
class Step:
    """`.name`, `.name(…)`, `.?name`, `[…]` or `{…}` after a member."""

    name: str
    optional: bool
    call: Group | None
    start: int
    end: int


@dataclass
class Member:
    """A literal, name, call or bracketed expression with the steps that follow it."""

    head: Token | Group
    call: Group | None
    steps: list[Step]
    start: int
    end: int


def tokenize(source: str) -> list[Token]:
    tokens, position = [], 0
    while position < len(source):
        found = _TOKEN.match(source, position)
        if found is None:
            raise SyntaxUnreadable(f"unexpected character {source[position]!r} at {position}")
        kind = str(found.lastgroup)
        if kind != "space":
            tokens.append(Token(kind, found.group(), position, found.end()))
        position = found.end()
    return tokens


def parse(source: str) -> Run:
    """The structure of `source`; raises SyntaxUnreadable."""
    reader = _Reader(tokenize(source))
    run = reader.run()
    if reader.peek() is not None:
        raise SyntaxUnreadable(f"unexpected {reader.peek()}")
    return run


class _Reader:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    def peek(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self, text: str | None = None) -> Token:
        token = self.peek()
        if token is None or (text is not None and token.text != text):
            raise SyntaxUnreadable(f"expected {text or 'more'}, found {token.text if token else 'the end'}")
        self.at += 1
        return token

    def _next_is(self, *texts: str) -> bool:
        token = self.peek()
        return token is not None and token.kind == "op" and token.text in texts

    def run(self) -> Run:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise SyntaxUnreadable("nested too deeply")
        run = Run()
        while (token := self.peek()) is not None:
            if token.kind == "op" and token.text in (")", "]", "}", ","):
                break
            run.parts.append(self.member() if self._starts_member(token) else self.take())
        if run.parts:
            run.start, run.end = run.parts[0].start, run.parts[-1].end
        self.depth -= 1
        return run

    @staticmethod
    def _starts_member(token: Token) -> bool:
        if token.kind == "ident":
            return token.text not in _WORDS_AS_OPERATORS
        return token.kind in ("string", "number") or token.text in ("(", "[", "{", ".")

    def group(self) -> Group:
        opening = self.take()
        items = [self.run()]
        while self._next_is(","):
            self.take()
            items.append(self.run())
        closing = self.take(_CLOSING[opening.text])
        if items and not items[-1].parts:
            items.pop()
        return Group(opening.text, items, opening.start, closing.end)

    def member(self) -> Member:
        start = self.take(".").start if self._next_is(".") else None
        head: Token | Group = self.group() if self._next_is("(", "[", "{") else self.take()
        call = None
        if isinstance(head, Token) and head.kind == "ident" and self._next_is("("):
            call = self.group()
        steps: list[Step] = []
        while (step := self._step()) is not None:
            steps.append(step)
        end = steps[-1].end if steps else (call or head).end
        return Member(head, call, steps, head.start if start is None else start, end)

    def _step(self) -> Step | None:
        if self._next_is("["):
            group = self.group()
            return Step("[]", False, group, group.start, group.end)
        if not self._next_is("."):
            return None
        start = self.take(".").start
        optional = self._next_is("?")
        if optional:
            self.take("?")
        name = self.take()
        if name.kind != "ident":
            raise SyntaxUnreadable(f"expected a field's name, found {name.text}")
        call = self.group() if self._next_is("(") else None
        return Step(name.text, optional, call, start, call.end if call else name.end)


def groups_of(member: Member) -> Iterator[Group]:
    """The brackets in a member, outermost only, in order."""
    if isinstance(member.head, Group):
        yield member.head
    if member.call:
        yield member.call
    for step in member.steps:
        if step.call:
            yield step.call
