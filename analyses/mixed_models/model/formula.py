"""Model formulas in lme4's language: fixed terms, random-effect bars, nesting.

Source: Bates, Maechler, Bolker & Walker (2015), Fitting linear mixed-effects models using lme4, section 2.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

Term = tuple[str, ...]
"""The variables of one term in the order in which they were written; `()` is the intercept."""

FUNCTIONS = ("log", "log2", "log10", "sqrt", "exp")
"""What may be applied to a numeric variable inside a formula."""

_TOKEN = re.compile(r"\s*(?:(?P<quoted>`[^`]+`)|(?P<name>[A-Za-z_.][\w.]*)|(?P<number>\d+)|(?P<op>\|\||[-+*:/^()|~]))")


class FormulaError(ValueError):
    """A formula that cannot be read; the message shows the formula with a caret under the place."""

    def __init__(self, message: str, text: str, position: int) -> None:
        super().__init__(f"{message}\n  {text}\n  {' ' * position}^")
        self.position = position


@dataclass(frozen=True)
class Expression:
    """A sum of terms: whether it has an intercept, and its terms, main effects first as in R."""

    intercept: bool
    terms: tuple[Term, ...]

    def __str__(self) -> str:
        parts = [":".join(term) for term in self.terms]
        if not self.intercept:
            parts.insert(0, "0")
        return " + ".join(parts) or "1"


@dataclass(frozen=True)
class RandomTerm:
    """`(expression | group)`: random effects of the expression's columns for each level of the group.

    They are correlated, unless the term `is_diagonal`: then each column has a variance of its own and no covariance.
    """

    expression: Expression
    group: Term
    is_diagonal: bool = False

    def __str__(self) -> str:
        return f"{'diag' if self.is_diagonal else ''}({self.expression} | {':'.join(self.group)})"


@dataclass(frozen=True)
class Formula:
    """A parsed formula; `categorical` are the variables that `C(x)` declares so."""

    response: str
    fixed: Expression
    random: tuple[RandomTerm, ...]
    categorical: frozenset[str] = field(default_factory=frozenset)

    def __str__(self) -> str:
        right = " + ".join([str(self.fixed), *map(str, self.random)])
        return f"{self.response} ~ {right}"

    @property
    def variables(self) -> tuple[str, ...]:
        """Every variable on the right-hand side, each once, in order of appearance."""
        found: dict[str, None] = {}
        for term in self.fixed.terms:
            found.update(dict.fromkeys(term))
        for random in self.random:
            for term in (*random.expression.terms, random.group):
                found.update(dict.fromkeys(term))
        return tuple(found)

    @property
    def term_variables(self) -> tuple[str, ...]:
        """The variables that stand in terms (not only in groups), each once."""
        terms = [*self.fixed.terms, *(term for random in self.random for term in random.expression.terms)]
        return tuple(dict.fromkeys(name for term in terms for name in term))

    @property
    def grouping(self) -> tuple[Term, ...]:
        """The grouping factors, each once."""
        return tuple(dict.fromkeys(random.group for random in self.random))


def parse_formula(text: str) -> Formula:
    """Parse `response ~ terms + (terms | group) …`.

    The response is everything before the tilde, unparsed (a column or an SQL expression). On the right: `+ - * : / ^`,
    `0` and `1`, `C(x)`, the functions of `FUNCTIONS` around one variable, names in backticks, `(a | g)`, `(a || g)`
    (no correlations between terms), `diag(0 + f | g)` (a variance for every level of f, no correlations), `(a | g/h)`
    for `(a | g) + (a | g:h)`, `(a | g:h)`.

    Raises:
        FormulaError: it cannot be read; the message points at the place.
    """
    tilde = text.find("~")
    if tilde < 0:
        raise FormulaError("A formula needs a tilde: response ~ terms.", text, len(text))
    response = text[:tilde].strip()
    if not response:
        raise FormulaError("There is no response before the tilde.", text, tilde)
    parser = _Parser(text, tilde + 1)
    return parser.formula(response)


class _Parser:
    """Recursive descent over the right-hand side; precedence as in R: ^, then :, then * and /, then + and -."""

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        self.categorical: set[str] = set()
        self.random: list[RandomTerm] = []
        at = start
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                place = at + len(text[at:]) - len(text[at:].lstrip())
                raise FormulaError(f"Unexpected character {text[place]!r}.", text, place)
            kind = str(match.lastgroup)
            self.tokens.append((kind, match[kind], match.start(kind)))
            at = match.end()
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def place(self) -> int:
        return self.tokens[self.at][2] if self.at < len(self.tokens) else len(self.text)

    def fail(self, message: str) -> FormulaError:
        return FormulaError(message, self.text, self.place())

    def take(self, wanted: str, why: str) -> None:
        if self.peek() != wanted:
            raise self.fail(why)
        self.at += 1

    def formula(self, response: str) -> Formula:
        if not self.tokens:
            raise self.fail("There is nothing after the tilde; write 1 for a constant.")
        fixed = self.sum(is_top=True)
        if self.at < len(self.tokens):
            raise self.fail(f"Unexpected {self.peek()!r}.")
        return Formula(response, fixed, tuple(self.random), frozenset(self.categorical))

    def sum(self, is_top: bool = False) -> Expression:
        terms: list[Term] = []
        intercept, sign = True, "+"
        if self.peek() == "-":
            sign, self.at = "-", self.at + 1
        while True:
            if is_top and self.is_bar_ahead():
                if sign == "-":
                    raise self.fail("A random-effect term cannot be subtracted.")
                self.bar()
            elif self.peek() == "0":
                intercept, self.at = sign == "-", self.at + 1
            else:
                for term in self.product():
                    if not term:
                        intercept = sign == "+"
                    elif sign == "+" and not _holds(terms, term):
                        terms.append(term)
                    elif sign == "-":
                        terms = [kept for kept in terms if set(kept) != set(term)]
            if self.peek() not in ("+", "-"):
                break
            sign, self.at = self.peek(), self.at + 1
        return Expression(intercept, tuple(sorted(terms, key=len)))

    def is_bar_ahead(self) -> bool:
        start = self.at + (self.peek() == "diag")
        if start >= len(self.tokens) or self.tokens[start][1] != "(":
            return False
        depth = 0
        for _, token, _ in self.tokens[start:]:
            depth += (token == "(") - (token == ")")
            if depth == 1 and token in ("|", "||"):
                return True
            if depth == 0:
                return False
        return False

    def product(self) -> list[Term]:
        left = self.interaction()
        while self.peek() in ("*", "/"):
            operator, self.at = self.peek(), self.at + 1
            right = self.interaction()
            crossed = [_union(a, b) for a in left for b in right]
            if operator == "*":
                left = left + right + crossed
            else:
                whole = tuple(dict.fromkeys(name for term in left for name in term))
                left = left + [_union(whole, b) for b in right]
        return left

    def interaction(self) -> list[Term]:
        left = self.power()
        while self.peek() == ":":
            self.at += 1
            right = self.power()
            left = [_union(a, b) for a in left for b in right]
        return left

    def power(self) -> list[Term]:
        base = self.atom()
        if self.peek() != "^":
            return base
        self.at += 1
        kind = self.tokens[self.at][0] if self.at < len(self.tokens) else ""
        if kind != "number" or int(self.peek()) < 1:
            raise self.fail("After ^ comes a whole number, as in (a + b + c)^2.")
        times, self.at = int(self.peek()), self.at + 1
        result = list(base)
        for _ in range(times - 1):
            result += [_union(a, b) for a in result for b in base]
        unique: list[Term] = []
        for term in result:
            if not _holds(unique, term):
                unique.append(term)
        return unique

    def atom(self) -> list[Term]:
        if self.at >= len(self.tokens):
            raise self.fail("The formula ends where a term is expected.")
        kind, token, _ = self.tokens[self.at]
        if kind == "number":
            if token != "1":
                raise self.fail("Only 0 and 1 can stand as terms.")
            self.at += 1
            return [()]
        if token == "(":
            self.at += 1
            inner = self.sum()
            if self.peek() in ("|", "||"):
                raise self.fail("A random-effect term stands alone between plus signs.")
            self.take(")", "A closing parenthesis is missing.")
            return list(inner.terms)
        if kind not in ("name", "quoted"):
            raise self.fail(f"A variable is expected, not {token!r}.")
        return [(self.variable(),)]

    def variable(self) -> str:
        if self.at >= len(self.tokens) or self.tokens[self.at][0] not in ("name", "quoted"):
            raise self.fail("A variable is expected.")
        kind, token, start = self.tokens[self.at]
        self.at += 1
        if kind == "quoted":
            return token[1:-1]
        if self.peek() != "(":
            return token
        if token not in (*FUNCTIONS, "C", "factor"):
            known = ", ".join((*FUNCTIONS, "C"))
            raise FormulaError(f"There is no function {token}; there are {known}.", self.text, start)
        self.at += 1
        inner = self.variable()
        self.take(")", f"A closing parenthesis is missing after {token}({inner}.")
        if token in ("C", "factor"):
            self.categorical.add(inner)
            return inner
        return f"{token}({inner})"

    def bar(self) -> None:
        is_diagonal = self.peek() == "diag"
        self.at += is_diagonal
        self.take("(", "A random-effect term begins with a parenthesis.")
        if self.peek() in ("|", "||"):
            raise self.fail("There is nothing before the bar; write 1 for a random intercept.")
        expression = self.sum()
        bar = self.peek()
        if bar not in ("|", "||"):
            raise self.fail("A bar is expected here: (terms | group).")
        self.at += 1
        groups = self.groups()
        self.take(")", "The random-effect term is not closed by a parenthesis.")
        for group in groups:
            if bar == "|":
                self.random.append(RandomTerm(expression, group, is_diagonal))
                continue
            if expression.intercept:
                self.random.append(RandomTerm(Expression(True, ()), group))
            self.random.extend(RandomTerm(Expression(False, (term,)), group) for term in expression.terms)

    def groups(self) -> list[Term]:
        groups: list[Term] = [(self.variable(),)]
        while self.peek() in (":", "/"):
            operator, self.at = self.peek(), self.at + 1
            finer = _union(groups[-1], (self.variable(),))
            if operator == "/":
                groups.append(finer)
            else:
                groups[-1] = finer
        return groups


def _union(first: Term, second: Term) -> Term:
    return tuple(dict.fromkeys(first + second))


def _holds(terms: list[Term], term: Term) -> bool:
    return any(set(kept) == set(term) for kept in terms)
