"""Expressions, compiled once and shared; whatever is not a value is a Failure, never a yes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Final, TypeAlias

from portal.policy.cel.checked import type_mismatch
from portal.policy.cel.environment import checking_environment, evaluating_environment
from portal.policy.cel.literals import literal_problem
from portal.policy.cel.messages import in_server_words, without_status
from portal.policy.cel.rewrite import Misuse, Rewritten, binding_name, rewrite
from portal.policy.cel.syntax import SyntaxUnreadable

BOOL: Final = "bool"
STRING: Final = "string"
NULL: Final = "null_type"
ANY: Final[tuple[str, ...]] = ()

MAX_SOURCE = 16 * 1024
# the text after the variables it uses are bound around it; grows when variables use variables
MAX_BOUND = 256 * 1024
# how often, all levels multiplied, an expression may mention variables: a value must not double without end
MAX_WEIGHT = 4096
CLUSTER_ONLY = "authorizer"
# what the evaluator says where cel-go would have found no field, or no optional, and gone on
LENIENT_AFTER = ("no such overload", "no such key")

# bindings shared by all expressions that judge one object
Activation: TypeAlias = Any


class ExpressionInvalid(ValueError):
    """An expression that does not compile. The text is the API server's, without the field and the value."""


@dataclass(frozen=True)
class Failure:
    """Evaluation did not end in a value; `message` says why, in the API server's words."""

    message: str


@dataclass(frozen=True)
class Variable:
    """A named expression of a policy, in the evaluator's words."""

    name: str
    source: str
    text: str
    uses: tuple[str, ...]
    weight: int


@dataclass(frozen=True)
class Program:
    """A compiled expression. Evaluating it is pure; it may be shared between threads."""

    source: str
    _expression: Any
    # the variables that it uses, each compiled on its own, to say which one failed
    _variables: Mapping[str, Program] = field(default_factory=dict)
    cluster_only: bool = False
    # the same, said at greater length (see rewrite): tried when the short form stumbles over a type
    _lenient_text: Callable[[], str] | None = None

    def evaluate(self, activation: Activation) -> Any:
        """The value as plain Python, or a Failure. Never raises for what an expression does."""
        if self.cluster_only:
            return Failure(f"'{CLUSTER_ONLY}' is only available inside a cluster")
        value = _run(self._expression, activation)
        if isinstance(value, Failure) and value.message in LENIENT_AFTER and self._lenient is not None:
            value = _run(self._lenient, activation)
        return Failure(self._explain(value.message, activation)) if isinstance(value, Failure) else value

    @cached_property
    def _lenient(self) -> Any:
        if self._lenient_text is None:
            return None
        try:
            return evaluating_environment().compile(self._lenient_text(), disable_check=True)
        except RuntimeError:
            # nested too deeply at that length: the first failure stands
            return None

    def error(self, failure: Failure) -> str:
        return f"expression '{self.source}' resulted in error: {failure.message}"

    def _explain(self, message: str, activation: Activation) -> str:
        """Name the variable when the failure is that of a variable, as the API server does."""
        for name, program in self._variables.items():
            inner = program.evaluate(activation)
            if isinstance(inner, Failure) and (inner.message == message or message in inner.message):
                return f'composited variable "{name}" fails to evaluate: {inner.message}'
        return message


def _run(expression: Any, bindings: Activation) -> Any:
    try:
        result = expression.eval(bindings)
        kind, value = result.type().name(), result.value()
        if isinstance(value, list | dict):
            value = result.plain_value()
    except Exception as exc:
        # whatever goes wrong in there, the answer is not yes
        return Failure(in_server_words(str(exc)) or type(exc).__name__)
    return Failure(in_server_words(value)) if kind == "ERROR" else value


def activation(bindings: Mapping[str, Any]) -> Activation:
    return evaluating_environment().Activation(dict(bindings))


class Compiler:
    """Compiles the expressions of one policy: its roots are fixed, its variables come one after the other."""

    def __init__(self, declared: Collection[str]) -> None:
        self.declared = frozenset(declared)
        self.variables: dict[str, Variable] = {}
        self._programs: dict[str, Program] = {}

    def add_variable(self, name: str, source: str) -> None:
        """Declare `variables.<name>` for what is compiled after it; raises ExpressionInvalid."""
        try:
            rewritten = self._rewrite(source)
            program = self._compile(source, rewritten, ANY)
        except ExpressionInvalid:
            # the policy is refused anyway; what uses the variable is not to blame
            self.variables[name] = Variable(name, source, "dyn(null)", (), 1)
            self._programs[name] = Program(source, None)
            raise
        self.variables[name] = Variable(
            name=name,
            source=source,
            text=rewritten.text,
            uses=tuple(rewritten.variables),
            weight=self._weight(rewritten),
        )
        self._programs[name] = program

    def compile(self, source: str, wanted: Sequence[str], *, mixed: bool = False) -> Program:
        """`source` as a program whose static type is one of `wanted` (any, when empty).

        `mixed` lets literal lists and maps hold values of different types, which the API server refuses.
        Raises ExpressionInvalid.
        """
        return self._compile(source, self._rewrite(source), wanted, mixed=mixed)

    def _rewrite(self, source: str, *, lenient: bool = False) -> Rewritten:
        if not source.strip():
            raise ExpressionInvalid("expression is not specified")
        if len(source.encode()) > MAX_SOURCE:
            raise ExpressionInvalid(f"an expression may have at most {MAX_SOURCE} bytes")
        try:
            declared = self.declared | {CLUSTER_ONLY}
            return rewrite(source, declared=declared, variables=self.variables, lenient=lenient)
        except Misuse as exc:
            raise ExpressionInvalid(_located(source, exc.message, exc.at)) from exc
        except SyntaxUnreadable as exc:
            raise ExpressionInvalid(_syntax_error(source) or f"compilation failed: {exc}") from exc

    def _compile(
        self, source: str, rewritten: Rewritten, wanted: Sequence[str], *, mixed: bool = False
    ) -> Program:
        used = {name: self._programs[name] for name in rewritten.variables}
        if CLUSTER_ONLY in rewritten.names or any(program.cluster_only for program in used.values()):
            return Program(source, None, used, cluster_only=True)
        if self._weight(rewritten) > MAX_WEIGHT:
            raise ExpressionInvalid("the variables that it uses mention each other too often")
        text = self._bind(rewritten)
        problem = literal_problem(source)
        if problem:
            raise ExpressionInvalid(_located(source, *problem))
        try:
            checked = checking_environment(self.declared).compile(text)
            kind = _kind_name(checked.return_type())
            mismatch = None if mixed else type_mismatch(checked.serialize())
            expression = evaluating_environment().compile(text, disable_check=True)
        except RuntimeError as exc:
            raise ExpressionInvalid(_compile_error(source, text, str(exc))) from exc
        if mismatch is not None:
            raise ExpressionInvalid(
                _located(source, mismatch.message, mismatch.at)
                if text == source
                else f"compilation failed: ERROR: {mismatch.message}"
            )
        if wanted and kind not in wanted:
            said = wanted[0] if len(wanted) == 1 else "one of [" + " ".join(wanted) + "]"
            raise ExpressionInvalid(f"must evaluate to {said} but got {kind}")
        return Program(source, expression, used, _lenient_text=partial(self._lenient, source))

    def _lenient(self, source: str) -> str:
        return self._bind(self._rewrite(source, lenient=True), lenient=True)

    def _weight(self, rewritten: Rewritten) -> int:
        return 1 + sum(count * self.variables[name].weight for name, count in rewritten.variables.items())

    def _bind(self, rewritten: Rewritten, *, lenient: bool = False) -> str:
        """The text with the variables it needs bound around it, each lazily and once."""
        needed: dict[str, None] = {}

        def visit(name: str) -> None:
            if name not in needed:
                for inner in self.variables[name].uses:
                    visit(inner)
                needed[name] = None

        for name in rewritten.variables:
            visit(name)
        text = rewritten.text
        for name in reversed(needed):
            variable = self.variables[name]
            bound = self._rewrite(variable.source, lenient=True).text if lenient else variable.text
            text = f"cel.bind({binding_name(name)}, {bound}, {text})"
        if len(text) > MAX_BOUND and not lenient:
            raise ExpressionInvalid("the expression and its variables are too large together")
        return text


def _kind_name(kind: Any) -> str:
    """A type as the API server spells it: `list(string)`, `dyn`, `kubernetes.Quantity`."""
    name = str(kind.name())
    if name.isupper() or name.startswith(("LIST", "MAP")):
        return name.lower().replace("<", "(").replace(">", ")").replace("null", "null_type")
    return name


def _located(source: str, message: str, at: int) -> str:
    """cel-go's rendering of an error: where, what, the line, and a caret under it."""
    line_start = source.rfind("\n", 0, at) + 1
    line = source[line_start:].partition("\n")[0]
    column = at - line_start
    row = source.count("\n", 0, at) + 1
    caret = "." * column + "^"
    return f"compilation failed: ERROR: <input>:{row}:{column + 1}: {message}\n | {line}\n | {caret}"


def _syntax_error(source: str) -> str:
    try:
        evaluating_environment().compile(source, disable_check=True)
    except RuntimeError as exc:
        return _compile_error(source, source, str(exc))
    return ""


def _compile_error(source: str, text: str, raw: str) -> str:
    """The checker's complaint; positions are only said when they are positions in what the author wrote."""
    said = without_status(raw).rstrip()
    if text == source:
        return f"compilation failed: {said}"
    first = said.partition("\n")[0].removeprefix("ERROR: ")
    message = first.split(": ", 1)[-1]
    return f"compilation failed: ERROR: {message}"


__all__ = [
    "ANY",
    "BOOL",
    "NULL",
    "STRING",
    "Compiler",
    "ExpressionInvalid",
    "Failure",
    "Program",
    "activation",
]
