"""Expressions, compiled once and shared; whatever is not a value is a Failure, never a yes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from time import thread_time
from typing import Any, Final

from portal.policy.cel import environment, kinds
from portal.policy.cel.checking import Checker
from portal.policy.cel.costs import BUDGET, PER_CALL_LIMIT
from portal.policy.cel.errors import (
    CANCELLED,
    Cancelled,
    CelError,
    ExpressionInvalid,
    Problem,
    compile_failure,
)
from portal.policy.cel.kinds import Kind
from portal.policy.cel.literals import literal_problems
from portal.policy.cel.parsing import parse
from portal.policy.cel.planning import Planner
from portal.policy.cel.plans import (
    ACTIVATION,
    COST,
    DEADLINE,
    FIRST_LOCAL,
    ROOT_SLOTS,
    TIME_LIMIT,
    Evaluate,
    State,
)
from portal.policy.cel.values import is_json

BOOL: Final = "bool"
STRING: Final = "string"
NULL: Final = "null_type"
ANY: Final[tuple[str, ...]] = ()

MAX_SOURCE: Final = 100_000
CLUSTER_ONLY: Final = environment.AUTHORIZER
OUT_OF_BUDGET: Final = (
    "validation failed due to running out of cost budget, no further validation rules will be run"
)
NESTED: Final = "the expression is nested too deeply"
# compiled expressions by their text and what it may name, with the variables that they use: policies repeat
# each other, and values of variables that are the same are evaluated once
_COMPILED: dict[Any, list[tuple[tuple[tuple[str, Compiled], ...], Compiled]]] = {}
_MAX_COMPILED: Final = 5_000


@dataclass(frozen=True)
class Failure:
    """Evaluation did not end in a value; `message` says why, in the API server's words."""

    message: str


@dataclass(frozen=True, eq=False)
class Compiled:
    """What compiling comes to: a function to evaluate, the type of its value, and how much room it needs."""

    kind: Kind
    cluster_only: bool
    run: Evaluate
    cost: int = 0
    slots: int = 0


@dataclass(frozen=True)
class Program:
    """A compiled expression. Evaluating it is pure; it may be shared between threads."""

    source: str
    compiled: Compiled

    @property
    def cluster_only(self) -> bool:
        return self.compiled.cluster_only

    def evaluate(self, activation: Activation) -> Any:
        """The value, or a Failure. Never raises for what an expression does."""
        if self.compiled.cluster_only:
            return Failure(f"'{CLUSTER_ONLY}' is only available inside a cluster")
        return activation.evaluate(self.compiled)

    def evaluate_json(self, activation: Activation) -> Any:
        """As `evaluate`, for values that are to be written down: what JSON cannot say is a Failure."""
        value = self.evaluate(activation)
        return value if isinstance(value, Failure) or is_json(value) else Failure("the value is no JSON")

    def error(self, failure: Failure) -> str:
        if failure.message == OUT_OF_BUDGET:
            return failure.message
        return f"expression '{self.source}' resulted in error: {failure.message}"


class Activation:
    """What the expressions that judge one object share: the roots, and variables evaluated already.

    `begin` starts the count of cost and time that one policy may spend; without it each expression has
    its own.
    """

    __slots__ = ("_budget", "_charged", "_deadline", "_spent", "_values", "held", "roots")

    def __init__(self, bindings: Mapping[str, Any]) -> None:
        self.roots = tuple(bindings.get(name) for name in ROOT_SLOTS)
        # the value of each variable, or its Failure, and what it cost
        self._values: dict[Compiled, tuple[Any, int]] = {}
        self._charged: set[Compiled] = set()
        self._budget = 0
        self._spent = 0
        self._deadline = 0.0
        # how much has been made since `begin`; see plans.hold
        self.held = 0

    def begin(self, budget: int = BUDGET) -> None:
        self._budget = budget
        self._spent = 0
        self.held = 0
        self._charged.clear()
        self._deadline = thread_time() + TIME_LIMIT

    @property
    def spent(self) -> int:
        """What has been spent since `begin`."""
        return self._spent

    def evaluate(self, compiled: Compiled) -> Any:
        """The value of an expression, or a Failure."""
        value, cost = self._run(compiled, self._deadline or thread_time() + TIME_LIMIT)
        if self._budget:
            self._spent += cost
            if self._spent > self._budget:
                return Failure(OUT_OF_BUDGET)
        return value

    def _run(self, compiled: Compiled, deadline: float) -> tuple[Any, int]:
        state: State = [compiled.cost, self, deadline, *self.roots, *([None] * compiled.slots)]
        try:
            value = compiled.run(state)
            if state[COST] > PER_CALL_LIMIT:
                value = Failure(CANCELLED)
        except (CelError, Cancelled) as exc:
            value = Failure(str(exc))
        except RecursionError:
            value = Failure(NESTED)
        except Exception as exc:
            # whatever goes wrong in there, the answer is not yes
            value = Failure(f"{type(exc).__name__}: {exc}")
        return value, state[COST]

    def variable(self, variable: Variable, outer: State) -> Any:
        """The value of `variables.<name>`, evaluated when it is first asked for; raises CelError."""
        compiled = variable.compiled
        found = self._values.get(compiled)
        if found is None:
            found = self._values[compiled] = self._run(compiled, outer[DEADLINE])
        if compiled not in self._charged:
            self._charged.add(compiled)
            self._spent += found[1]
        if type(found[0]) is Failure:
            raise CelError(f'composited variable "{variable.name}" fails to evaluate: {found[0].message}')
        return found[0]


@dataclass(frozen=True, eq=False)
class Variable:
    name: str
    compiled: Compiled


def activation(bindings: Mapping[str, Any]) -> Activation:
    return Activation(bindings)


class Compiler:
    """Compiles the expressions of one policy: its roots are fixed, its variables come one after the other."""

    def __init__(self, declared: Collection[str]) -> None:
        self.declared = tuple(sorted(declared))
        self.variables: dict[str, Variable] = {}

    def add_variable(self, name: str, source: str) -> None:
        """Declare `variables.<name>` for what is compiled after it; raises ExpressionInvalid."""
        try:
            compiled = self._compiled(source, authorizer=True, variables=True, mixed=False)
        except ExpressionInvalid:
            # the policy is refused anyway; what uses the variable is not to blame
            self.variables[name] = Variable(name, Compiled(kinds.DYN, False, _never))
            raise
        self.variables[name] = Variable(name, compiled)

    def compile(
        self,
        source: str,
        wanted: Sequence[str],
        *,
        mixed: bool = False,
        authorizer: bool = True,
        variables: bool = True,
    ) -> Program:
        """`source` as a program whose static type is one of `wanted` (any, when empty).

        `mixed` lets literal lists and maps hold values of different types, which the API server refuses.
        `authorizer` and `variables` say whether the expression may name those. Raises ExpressionInvalid.
        """
        # without variables there is no `variables`
        variables = variables and bool(self.variables)
        compiled = self._compiled(source, authorizer=authorizer, variables=variables, mixed=mixed)
        kind = kinds.output_name(compiled.kind)
        if wanted and kind not in wanted:
            said = wanted[0] if len(wanted) == 1 else "one of [" + " ".join(wanted) + "]"
            raise ExpressionInvalid(f"must evaluate to {said} but got {kind}")
        return Program(source, compiled)

    def _compiled(self, source: str, *, authorizer: bool, variables: bool, mixed: bool) -> Compiled:
        if not source.strip():
            raise ExpressionInvalid("expression is not specified")
        if len(source) > MAX_SOURCE:
            said = f"expression code point size exceeds limit: size: {len(source)}, limit {MAX_SOURCE}"
            raise ExpressionInvalid(compile_failure(source, [Problem(0, said)]))
        key = (source, self.declared, authorizer, variables, mixed)
        for used, known in _COMPILED.get(key, ()):
            if all(name in self.variables and self.variables[name].compiled is made for name, made in used):
                return known
        try:
            compiled, names = self._compile(source, authorizer, variables, mixed)
        except RecursionError:
            raise ExpressionInvalid(f"compilation failed: {NESTED}") from None
        if len(_COMPILED) >= _MAX_COMPILED:
            _COMPILED.clear()
        _COMPILED.setdefault(key, []).append(
            (tuple((name, self.variables[name].compiled) for name in names), compiled)
        )
        return compiled

    def _compile(
        self, source: str, authorizer: bool, variables: bool, mixed: bool
    ) -> tuple[Compiled, tuple[str, ...]]:
        tree, problems = parse(source)
        if tree is None:
            raise ExpressionInvalid(compile_failure(source, problems))
        declared = {name: environment.DECLARED[name] for name in self.declared}
        if authorizer:
            declared[environment.AUTHORIZER] = environment.DECLARED[environment.AUTHORIZER]
            declared[environment.REQUEST_AUTHORIZER] = environment.RESOURCE_CHECK
        if variables:
            declared[environment.VARIABLES] = environment.VARIABLES_TYPE
        fields = {name: variable.compiled.kind for name, variable in self.variables.items()}
        checker = Checker(declared, fields)
        kind = checker.check(tree)
        problems = checker.problems or literal_problems(checker.noted, checker.final, mixed=mixed)
        if problems:
            raise ExpressionInvalid(compile_failure(source, problems))
        kind = checker.final(kind)
        used = tuple(checker.used)
        cluster_only = any(name.startswith(CLUSTER_ONLY) for name in checker.names) or any(
            self.variables[name].compiled.cluster_only for name in used
        )
        if cluster_only:
            return Compiled(kind, True, _never), used
        planner = Planner(dict(self.variables))
        plan = planner.plan(tree)
        return Compiled(kind, False, plan.run, plan.cost, planner.slots), used


def _never(_state: State) -> Any:
    raise CelError("this expression cannot be evaluated here")


__all__ = [
    "ACTIVATION",
    "ANY",
    "BOOL",
    "FIRST_LOCAL",
    "NULL",
    "STRING",
    "Activation",
    "Compiler",
    "ExpressionInvalid",
    "Failure",
    "Program",
    "activation",
]
