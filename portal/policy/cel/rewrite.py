"""Kubernetes' dialect, said in the words that Google's evaluator knows.

`variables.x` becomes a lazy binding, comprehensions with two variables become ones with a single one, and
functions whose results the evaluator cannot carry (optionals, opaque values) get a wrapping that it can.
Names that start with `slipway_` are ours; an expression that uses one is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from portal.policy.cel.syntax import Group, Member, Run, Step, Token, parse

OURS = "slipway_"
ONE_VARIABLE = frozenset({"all", "exists", "exists_one", "map", "filter", "optMap", "optFlatMap"})
TWO_VARIABLES = frozenset(
    {"all", "exists", "existsOne", "transformList", "transformMap", "transformMapEntry"}
)
RENAMED = {"indexOf": "slipway_indexOf", "lastIndexOf": "slipway_lastIndexOf"}
CONSTANTS = frozenset({"true", "false", "null"})
TYPES = frozenset(
    {"bool", "bytes", "double", "duration", "dyn", "int", "list", "map", "null_type", "string", "timestamp"}
    | {"type", "uint"}
)
# what stands before the dot of a function that is no method
NAMESPACES = frozenset({"sets", "format", "optional", "ip"})
# the fields of typed variables, as apiserver/pkg/admission/plugin/cel/compile.go declares them
TYPED_FIELDS: Mapping[str, Mapping[str, Collection[str] | None]] = {
    "request": {
        "kind": ("group", "version", "kind"),
        "resource": ("group", "version", "resource"),
        "subResource": None,
        "requestKind": ("group", "version", "kind"),
        "requestResource": ("group", "version", "resource"),
        "requestSubResource": None,
        "name": None,
        "namespace": None,
        "operation": None,
        "userInfo": ("username", "uid", "groups", "extra"),
        "dryRun": None,
        "options": None,
    },
    "namespaceObject": {
        "metadata": (
            *("name", "generateName", "namespace", "labels", "annotations", "UID", "creationTimestamp"),
            *(
                "deletionGracePeriodSeconds",
                "deletionTimestamp",
                "generation",
                "resourceVersion",
                "finalizers",
            ),
        ),
        "spec": ("finalizers",),
        "status": ("phase",),
    },
}


@dataclass(frozen=True)
class Misuse(Exception):
    """A name that is not declared; `at` is the offset in the expression."""

    message: str
    at: int


@dataclass
class Rewritten:
    """An expression in the evaluator's words, and how often it mentions which variable."""

    text: str
    variables: dict[str, int] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


def binding_name(variable: str) -> str:
    return f"{OURS}v_{variable}"


def rewrite(
    source: str, *, declared: Collection[str], variables: Collection[str], lenient: bool = False
) -> Rewritten:
    """`source` for both environments.

    `lenient`: what has no fields has none, and what is no optional is its own value, as cel-go evaluates it
    (interpreter/attributes.go, cel/library.go). Longer and slower, so for a second try only.

    Raises SyntaxUnreadable, or Misuse for a name that is not declared.
    """
    writer = _Writer(source, declared, variables, lenient)
    text = writer.run(parse(source), frozenset())
    return Rewritten(text, writer.used, writer.names)


class _Writer:
    def __init__(
        self, source: str, declared: Collection[str], variables: Collection[str], lenient: bool
    ) -> None:
        self.source = source
        self.declared = declared
        self.variables = variables
        self.lenient = lenient
        self.used: dict[str, int] = {}
        self.names: set[str] = set()
        self.fresh = 0

    def run(self, run: Run, local: frozenset[str]) -> str:
        pieces, position = [], run.start
        for part in run.parts:
            pieces.append(self.source[position : part.start])
            pieces.append(part.text if isinstance(part, Token) else self.member(part, local))
            position = part.end
        return "".join(pieces)

    def group(self, group: Group, local: frozenset[str]) -> str:
        pieces, position = [], group.start
        for item in group.items:
            pieces += [self.source[position : item.start], self.run(item, local)]
            position = item.end
        return "".join(pieces) + self.source[position : group.end]

    def member(self, member: Member, local: frozenset[str]) -> str:
        text, steps = self.head(member, local)
        for step in steps:
            text = self.step(text, step, local)
        return text

    def head(self, member: Member, local: frozenset[str]) -> tuple[str, list[Step]]:
        head, steps = member.head, member.steps
        if isinstance(head, Group):
            return self.group(head, local), steps
        if head.kind != "ident":
            return head.text, steps
        if head.text.startswith(OURS):
            raise Misuse(f"undeclared reference to '{head.text}' (in container '')", head.start)
        if member.call is not None:
            return self.function(head, member.call, local), steps
        if head.text in local:
            return head.text, steps
        if head.text == "variables" and steps and not steps[0].call:
            return self.variable(steps[0]), steps[1:]
        if head.text == "format" and steps and steps[0].call is not None:
            return self.format_function(steps[0], local), steps[1:]
        self.check_name(head, steps)
        return head.text, steps

    def variable(self, step: Step) -> str:
        if step.name not in self.variables:
            raise Misuse(f"undefined field '{step.name}'", step.start)
        self.used[step.name] = self.used.get(step.name, 0) + 1
        if step.optional:
            return f"optional.of({binding_name(step.name)})"
        return binding_name(step.name)

    def check_name(self, head: Token, steps: list[Step]) -> None:
        name = head.text
        known = name in self.declared or name in CONSTANTS or name in TYPES or name in NAMESPACES
        if not known:
            raise Misuse(f"undeclared reference to '{name}' (in container '')", head.start)
        self.names.add(name)
        fields = TYPED_FIELDS.get(name)
        if fields is None or not steps or steps[0].name == "[]" or steps[0].call:
            return
        if steps[0].name not in fields:
            raise Misuse(f"undefined field '{steps[0].name}'", steps[0].start)
        inner = fields[steps[0].name]
        if inner is not None and len(steps) > 1 and not steps[1].call and steps[1].name not in (*inner, "[]"):
            raise Misuse(f"undefined field '{steps[1].name}'", steps[1].start)

    def function(self, head: Token, call: Group, local: frozenset[str]) -> str:
        name, arguments = head.text, call.items
        if name == "has" and len(arguments) == 1 and self._is_variable(arguments[0], local):
            self.run(arguments[0], local)
            return "true"
        if name == "has" and len(arguments) == 1:
            if self.lenient and (found := self._lenient_has(arguments[0], local)):
                return found
            root, _steps = self._root(arguments[0], local)
            if root in TYPED_FIELDS:
                # the checker takes a typed field for its value, and would not call the result a boolean
                return f"has(dyn({root}){self.run(arguments[0], local).removeprefix(root)})"
        if name == "string" and len(arguments) == 1:
            value, bound = self.run(arguments[0], local), self.unique()
            kept = f"(type({bound}) == bytes ? slipway_text({bound}) : string({bound}))"
            return f"cel.bind({bound}, dyn({value}), {kept})"
        return name + self.group(call, local)

    def _lenient_has(self, run: Run, local: frozenset[str]) -> str:
        part = run.parts[0] if len(run.parts) == 1 else None
        if not isinstance(part, Member) or not part.steps or part.steps[-1].call or part.steps[-1].optional:
            return ""
        bound = self.unique()
        owner = self.member(Member(part.head, part.call, part.steps[:-1], part.start, part.end), local)
        return f"cel.bind({bound}, dyn({owner}), type({bound}) == map && has({bound}.{part.steps[-1].name}))"

    @staticmethod
    def _root(run: Run, local: frozenset[str]) -> tuple[str, list[Step]]:
        """The name that a chain of fields starts with, and the chain; "" when it is something else."""
        part = run.parts[0] if len(run.parts) == 1 else None
        if not isinstance(part, Member) or not isinstance(part.head, Token) or part.call or not part.steps:
            return "", []
        return ("" if part.head.text in local else part.head.text), part.steps

    def _is_variable(self, run: Run, local: frozenset[str]) -> bool:
        root, steps = self._root(run, local)
        return root == "variables" and len(steps) == 1 and steps[0].call is None

    def format_function(self, step: Step, local: frozenset[str]) -> str:
        call = self.group(step.call, local) if step.call else ""
        if step.name == "named":
            return f"optional.ofNonZeroValue(format.named{call})"
        return f"format.{step.name}{call}"

    def step(self, target: str, step: Step, local: frozenset[str]) -> str:
        call = step.call
        if self.lenient and step.optional and call is None:
            bound = self.unique()
            full = f"!{bound}.hasValue() || type({bound}.value()) == map"
            held = f"type({bound}) == map || type({bound}) == optional_type && ({full})"
            return f"cel.bind({bound}, dyn({target}), {held} ? {bound}.?{step.name} : optional.none())"
        if self.lenient and step.name == "orValue" and call and len(call.items) == 1:
            bound, other = self.unique(), self.run(call.items[0], local)
            chosen = f"type({bound}) == optional_type ? {bound}.orValue({other}) : {bound}"
            return f"cel.bind({bound}, dyn({target}), {chosen})"
        if call is None or step.name == "[]":
            between = self.source[step.start : call.start if call else step.end]
            return target + between + (self.group(call, local) if call else "")
        names = [item.only_name() for item in call.items[:2]]
        if step.name in TWO_VARIABLES and len(call.items) >= 3 and all(names):
            return self.two_variables(target, step.name, call.items, local)
        between = self.source[step.start : call.start]
        if step.name in ONE_VARIABLE and names and names[0] and len(call.items) > 1:
            return target + between + self.group(call, local | {names[0]})
        if step.name == "validate":
            return f"optional.ofNonZeroValue({target}.validate{self.group(call, local)})"
        if step.name in RENAMED:
            return f"{target}.{RENAMED[step.name]}{self.group(call, local)}"
        return target + between + self.group(call, local)

    def two_variables(self, target: str, macro: str, items: list[Run], local: frozenset[str]) -> str:
        key, value = str(items[0].only_name()), str(items[1].only_name())
        bound = self.unique()
        inner = local | {key, value}
        bodies = [f"cel.bind({value}, {bound}[{key}], {self.run(item, inner)})" for item in items[2:]]
        keys = f"(type({bound}) == list ? dyn(slipway_range(size({bound}))) : dyn({bound}))"
        if macro in ("all", "exists", "existsOne"):
            name = "exists_one" if macro == "existsOne" else macro
            text = f"{keys}.{name}({key}, {bodies[0]})"
        elif macro == "transformList":
            text = f"{keys}.map({key}, {', '.join(bodies)})"
        elif macro == "transformMap":
            bodies[-1] = f"[dyn({key}), dyn({bodies[-1]})]"
            text = f"slipway_map({keys}.map({key}, {', '.join(bodies)}))"
        else:
            text = f"slipway_merge({keys}.map({key}, {', '.join(bodies)}))"
        return f"cel.bind({bound}, dyn({target}), {text})"

    def unique(self) -> str:
        self.fresh += 1
        return f"{OURS}t{self.fresh}"
