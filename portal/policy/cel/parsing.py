"""From text to tree, as the API server's parser (cel-go, parser/parser.go) reads it, mistakes included."""

from __future__ import annotations

from typing import Final

from portal.policy.cel import lexing, macros
from portal.policy.cel.errors import Problem
from portal.policy.cel.lexing import Token, tokenize
from portal.policy.cel.token_reader import EXPECTED, IN_LIST, IN_MAP, STARTS, TokenReader, Unreadable
from portal.policy.cel.tree import Call, Expr, Ident, ListExpr, Literal, MapExpr, Message, Select
from portal.policy.cel.values import Uint

RESERVED: Final = frozenset(
    {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop"}
    | {"package", "namespace", "return", "var", "void", "while"}
)
# how tightly operators bind, and what they are called
BINARY: Final[dict[str, tuple[int, str]]] = {
    "||": (1, "_||_"),
    "&&": (2, "_&&_"),
    **{sign: (3, f"_{sign}_") for sign in ("<", "<=", ">=", ">", "==", "!=")},
    "in": (3, "@in"),
    **{sign: (4, f"_{sign}_") for sign in ("+", "-")},
    **{sign: (5, f"_{sign}_") for sign in ("*", "/", "%")},
}
# how deep an expression may nest; cel-go allows 250 levels of each of its rules
MAX_DEPTH: Final = 250


def parse(source: str) -> tuple[Expr | None, list[Problem]]:
    """The tree, or None, and all mistakes found."""
    tokens, problems = tokenize(source)
    parser = _Parser(tokens, problems)
    try:
        tree = parser.whole()
    except Unreadable:
        tree = None
    return (None if problems else tree), problems


class _Parser(TokenReader):
    def whole(self) -> Expr:
        tree = self.expression()
        if self.tokens[self.at].kind != lexing.END:
            self.expect_end()
        return tree

    def expression(self) -> Expr:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.problem(-1, f"expression recursion limit exceeded: {MAX_DEPTH}")
            raise Unreadable
        condition = self.binary(1)
        token = self.tokens[self.at]
        if token.text == "?" and token.kind == lexing.OPERATOR:
            self.at += 1
            chosen = self.binary(1)
            self.expect(":")
            condition = Call(token.start, "_?_:_", None, [condition, chosen, self.expression()])
        self.depth -= 1
        return condition

    def binary(self, least: int) -> Expr:
        left = self.unary()
        while True:
            token = self.tokens[self.at]
            found = BINARY.get(token.text) if token.kind in (lexing.OPERATOR, "in") else None
            if found is None or found[0] < least:
                return left
            self.at += 1
            right = self.binary(found[0] + 1)
            if found[0] <= 2 and isinstance(left, Call) and left.function == found[1] and left.target is None:
                # one list of terms, as it is evaluated
                left = Call(token.start, found[1], None, [*left.arguments, right])
            else:
                left = Call(token.start, found[1], None, [left, right])

    def unary(self) -> Expr:
        token = self.tokens[self.at]
        if token.kind != lexing.OPERATOR or token.text not in "-!":
            return self.member(self.primary())
        following = self.tokens[self.at + 1]
        if token.text == "-" and following.kind in (lexing.INT, lexing.FLOAT):
            self.at += 1
            return self.member(self.number(following, token))
        count = 0
        while self.tokens[self.at].text == token.text and self.tokens[self.at].kind == lexing.OPERATOR:
            count += 1
            self.at += 1
        operand = self.tokens[self.at]
        if operand.kind == lexing.OPERATOR and operand.text == "-":
            following = self.tokens[self.at + 1]
            if following.kind in (lexing.INT, lexing.FLOAT):
                self.at += 1
                inner = self.member(self.number(following, operand))
                return Call(token.start, "!_", None, [inner]) if count % 2 else inner
        inner = self.member(self.primary())
        return Call(token.start, f"{token.text}_", None, [inner]) if count % 2 else inner

    def member(self, operand: Expr) -> Expr:
        steps = 0
        while True:
            steps += 1
            if steps > MAX_DEPTH + 1:
                self.problem(-1, "max recursion depth exceeded")
                raise Unreadable
            token = self.tokens[self.at]
            if token.kind != lexing.OPERATOR:
                return operand
            if token.text == ".":
                operand = self.selection(operand, token)
            elif token.text == "[":
                self.at += 1
                optional = self.taken("?")
                index = self.expression()
                self.expect("]")
                operand = Call(token.start, "_[?_]" if optional else "_[_]", None, [operand, index])
            else:
                return operand

    def selection(self, operand: Expr, dot: Token) -> Expr:
        self.at += 1
        optional = self.taken("?")
        name = self.tokens[self.at]
        if name.kind == lexing.ESCAPED:
            self.problem(name.start, "unsupported syntax: '`'")
        elif name.kind != lexing.IDENT:
            self.no_name(name, optional=optional)
        self.at += 1
        opening = self.tokens[self.at]
        if opening.text == "(" and opening.kind == lexing.OPERATOR and not optional:
            arguments = self.arguments()
            found = macros.expand(self.problem, opening.start, name.text, operand, arguments)
            return found or Call(opening.start, name.text, operand, arguments)
        return Select(dot.start, operand, name.text, optional=optional)

    def no_name(self, token: Token, *, optional: bool) -> None:
        text = "" if token.kind == lexing.END else token.text
        if optional:
            self.problem(
                token.start,
                f"Syntax error: mismatched input '{token.text}' expecting {{IDENTIFIER, ESC_IDENTIFIER}}",
            )
            self.problem(token.start, "unsupported ident kind")
        elif token.kind in ("true", "false", "null"):
            self.problem(token.start, f"Syntax error: mismatched input '{text}' expecting IDENTIFIER")
        else:
            self.problem(token.start, f"Syntax error: no viable alternative at input '.{text}'")
        raise Unreadable

    def arguments(self) -> list[Expr]:
        """What stands between round brackets; the opening one is next."""
        self.at += 1
        self.hint = (self.at, EXPECTED.replace("'(',", "'(', ')',"))
        found: list[Expr] = []
        if not self.taken(")"):
            found.append(self.expression())
            while self.taken(","):
                found.append(self.expression())
            self.expect(")")
        return found

    def primary(self) -> Expr:
        token = self.tokens[self.at]
        kind = token.kind
        if kind == lexing.IDENT or (kind == lexing.OPERATOR and token.text == "."):
            return self.name(token)
        if kind == lexing.OPERATOR and token.text == "(":
            self.at += 1
            inner = self.expression()
            self.expect(")")
            return inner
        if kind == lexing.OPERATOR and token.text == "[":
            return self.list_literal(token)
        if kind == lexing.OPERATOR and token.text == "{":
            return self.map_literal(token)
        if kind in STARTS:
            return self.literal(token)
        following = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        expected = self.hint[1] if self.hint[0] == self.at else EXPECTED
        if kind != lexing.END and self.starts(following):
            self.problem(token.start, f"Syntax error: extraneous input '{token.text}' expecting {expected}")
            self.at += 1
            return self.primary()
        self.problem(token.start, f"Syntax error: mismatched input '{token.text}' expecting {expected}")
        raise Unreadable

    def literal(self, token: Token) -> Expr:
        kind = token.kind
        if kind in (lexing.INT, lexing.FLOAT, lexing.UINT):
            return self.number(token, None)
        self.at += 1
        if kind in ("true", "false", "null"):
            return Literal(token.start, {"true": True, "false": False, "null": None}[kind])
        try:
            text = token.text
            return Literal(
                token.start, lexing.unquoted(text) if kind == lexing.STRING else lexing.unquoted_bytes(text)
            )
        except ValueError as exc:
            self.problem(token.start, str(exc))
            return Literal(token.start, "")

    def number(self, token: Token, sign: Token | None) -> Expr:
        self.at += 1
        start, text = (sign.start, f"-{token.text}") if sign else (token.start, token.text)
        if token.kind == lexing.FLOAT:
            value = float(text)
            if value in (float("inf"), float("-inf")):
                self.problem(start, "invalid double literal")
            return Literal(start, value)
        whole = int(text.rstrip("uU"), 16 if "x" in text else 10)
        if token.kind == lexing.UINT:
            if whole >= 2**64:
                self.problem(start, "invalid uint literal")
            return Literal(start, Uint(whole))
        if not -(2**63) <= whole < 2**63:
            self.problem(start, "invalid int literal")
        return Literal(start, whole)

    def name(self, token: Token) -> Expr:
        dot = ""
        if token.kind == lexing.OPERATOR:
            dot = "."
            self.at += 1
            token = self.tokens[self.at]
            if token.kind != lexing.IDENT:
                self.no_name(token, optional=False)
        self.at += 1
        opening = self.tokens[self.at]
        if opening.kind == lexing.OPERATOR and opening.text == "(":
            if token.text in RESERVED:
                self.problem(token.start, f"reserved identifier: {token.text}")
            arguments = self.arguments()
            found = macros.expand(self.problem, opening.start, token.text, None, arguments)
            return found or Call(opening.start, dot + token.text, None, arguments)
        if self.starts_message():
            return self.message(dot + token.text)
        if token.text in RESERVED:
            self.problem(token.start, f"reserved identifier: {token.text}")
            return Literal(token.start, None)
        return Ident(token.start, dot + token.text)

    def starts_message(self) -> bool:
        """Whether names joined by dots lead to a curly bracket."""
        at = self.at
        while self.tokens[at].text == "." and self.tokens[at + 1].kind == lexing.IDENT:
            at += 2
        return self.tokens[at].text == "{" and self.tokens[at].kind == lexing.OPERATOR

    def message(self, name: str) -> Expr:
        while self.taken("."):
            name += f".{self.tokens[self.at].text}"
            self.at += 1
        opening = self.tokens[self.at]
        self.at += 1
        while not self.taken("}"):
            self.taken("?")
            if self.tokens[self.at].kind == lexing.ESCAPED:
                self.problem(self.tokens[self.at].start, "unsupported syntax: '`'")
            if self.tokens[self.at].kind not in (lexing.IDENT, lexing.ESCAPED):
                self.expect("}", "{'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}")
                break
            self.at += 1
            self.expect(":")
            self.expression()
            if not self.taken(","):
                self.expect("}", "{'}', ','}")
                break
        return Message(opening.start, name)

    def list_literal(self, opening: Token) -> Expr:
        self.at += 1
        self.hint = (self.at, IN_LIST)
        items: list[Expr] = []
        optional: set[int] = set()
        while not self.taken("]"):
            if self.taken("?"):
                optional.add(len(items))
            items.append(self.expression())
            if not self.taken(","):
                self.expect("]", "{']', ','}")
                break
            if self.tokens[self.at].text == "," and self.tokens[self.at].kind == lexing.OPERATOR:
                self.expect("]")
        return ListExpr(opening.start, items, frozenset(optional))

    def map_literal(self, opening: Token) -> Expr:
        self.at += 1
        self.hint = (self.at, IN_MAP)
        entries: list[tuple[Expr, Expr, bool]] = []
        while not self.taken("}"):
            optional = self.taken("?")
            key = self.expression()
            self.expect(":")
            entries.append((key, self.expression(), optional))
            if not self.taken(","):
                self.expect("}", "{'}', ','}")
                break
        return MapExpr(opening.start, entries)
