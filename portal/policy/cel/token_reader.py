"""Reading tokens one after the other, with the complaints of the API server's parser (ANTLR)."""

from __future__ import annotations

from typing import Final

from portal.policy.cel import lexing
from portal.policy.cel.errors import Problem
from portal.policy.cel.lexing import Token

STARTS: Final = frozenset(
    {
        lexing.IDENT,
        lexing.STRING,
        lexing.BYTES,
        lexing.INT,
        lexing.UINT,
        lexing.FLOAT,
        "true",
        "false",
        "null",
    }
)
STARTING_SIGNS: Final = frozenset("[{(.-!")
EXPECTED: Final = (
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, "
    "IDENTIFIER}"
)
IN_LIST: Final = (
    EXPECTED.replace("'[',", "'[', ']',").replace("'.',", "'.', ',',").replace("'!',", "'!', '?',")
)
IN_MAP: Final = (
    EXPECTED.replace("'{',", "'{', '}',").replace("'.',", "'.', ',',").replace("'!',", "'!', '?',")
)


class Unreadable(Exception):
    """Nothing sensible can be read after this mistake."""


class TokenReader:
    def __init__(self, tokens: list[Token], problems: list[Problem]) -> None:
        self.tokens = tokens
        self.problems = problems
        self.at = 0
        self.depth = 0
        # where something else than an expression may come as well, and what the server then expects
        self.hint = (-1, "")

    def problem(self, at: int, message: str) -> None:
        self.problems.append(Problem(at, message))

    def expect_end(self) -> None:
        token = self.tokens[self.at]
        word = "extraneous" if self.tokens[self.at + 1].kind == lexing.END else "mismatched"
        self.problem(token.start, f"Syntax error: {word} input '{token.text}' expecting <EOF>")
        raise Unreadable

    def expect(self, sign: str, wanted: str = "") -> Token:
        """The sign that must come next; the API server forgives one token too many or too few."""
        token = self.tokens[self.at]
        if token.text == sign and token.kind == lexing.OPERATOR:
            self.at += 1
            return token
        following = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        wanted = wanted or f"'{sign}'"
        if following.text == sign and following.kind == lexing.OPERATOR:
            self.problem(token.start, f"Syntax error: extraneous input '{token.text}' expecting {wanted}")
            self.at += 2
            return following
        missing = not wanted.startswith("{") and (
            token.kind == lexing.END if sign in ")]" else sign == ":" and self.starts(token)
        )
        if missing:
            self.problem(token.start, f"Syntax error: missing {wanted} at '{token.text}'")
            return Token(lexing.OPERATOR, sign, token.start)
        self.problem(token.start, f"Syntax error: mismatched input '{token.text}' expecting {wanted}")
        raise Unreadable

    @staticmethod
    def starts(token: Token) -> bool:
        return token.kind in STARTS or (token.kind == lexing.OPERATOR and token.text in STARTING_SIGNS)

    def taken(self, sign: str) -> bool:
        token = self.tokens[self.at]
        found = token.text == sign and token.kind == lexing.OPERATOR
        self.at += found
        return found
