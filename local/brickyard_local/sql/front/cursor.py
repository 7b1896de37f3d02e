"""Reads tokens from left to right, for the parser."""

from brickyard_local.errors import InvalidParameter
from brickyard_local.sql.front.tokens import Kind, Token


class SyntaxProblem(InvalidParameter):
    """Raised when a statement that is ours to read is not well formed."""

    error_code = "PARSE_SYNTAX_ERROR"


class Cursor:
    """A place in the tokens of one statement."""

    def __init__(self, found: tuple[Token, ...]) -> None:
        self._tokens = found
        self._at = 0

    @property
    def ended(self) -> bool:
        return self._at >= len(self._tokens)

    @property
    def token(self) -> Token | None:
        """The next one, which is not taken."""
        return None if self.ended else self._tokens[self._at]

    def take(self) -> Token:
        """Errors: SyntaxProblem at the end."""
        if self.ended:
            raise SyntaxProblem("The statement ends too early.")
        self._at += 1
        return self._tokens[self._at - 1]

    def sees(self, *words: str) -> bool:
        """Whether these keywords come next, in this order."""
        ahead = self._tokens[self._at : self._at + len(words)]
        return len(ahead) == len(words) and all(t.is_word(w) for t, w in zip(ahead, words, strict=True))

    def accept(self, *words: str) -> bool:
        """Take these keywords if they come next."""
        if not self.sees(*words):
            return False
        self._at += len(words)
        return True

    def accept_any(self, *words: str) -> str | None:
        """Take one of these keywords if it comes next."""
        return next((word for word in words if self.accept(word)), None)

    def accept_symbol(self, symbol: str) -> bool:
        if self.token is None or not self.token.is_symbol(symbol):
            return False
        self._at += 1
        return True

    def expect(self, *words: str) -> None:
        """Errors: SyntaxProblem."""
        if not self.accept(*words):
            raise self._unexpected(" ".join(words))

    def expect_symbol(self, symbol: str) -> None:
        """Errors: SyntaxProblem."""
        if not self.accept_symbol(symbol):
            raise self._unexpected(f"'{symbol}'")

    def expect_end(self) -> None:
        """Errors: SyntaxProblem when there is more."""
        if not self.ended:
            raise self._unexpected("the end of the statement")

    def name(self) -> tuple[str, ...]:
        """A name of one or more parts. Errors: SyntaxProblem."""
        parts = [self._part()]
        while self.accept_symbol("."):
            parts.append(self._part())
        return tuple(parts)

    def identifier(self) -> str:
        """A name of one part, a string or a number. Errors: SyntaxProblem."""
        if self.token is not None and self.token.kind in {Kind.STRING, Kind.NUMBER}:
            return self.take().value
        return self._part()

    def string(self) -> str:
        """A string literal; neighbours are one. Errors: SyntaxProblem."""
        if self.token is None or self.token.kind is not Kind.STRING:
            raise self._unexpected("a string")
        value = ""
        while self.token is not None and self.token.kind is Kind.STRING:
            value += self.take().value
        return value

    def _part(self) -> str:
        if self.token is None or not self.token.is_name:
            raise self._unexpected("a name")
        return self.take().value

    def _unexpected(self, wanted: str) -> SyntaxProblem:
        got = "the end of the statement" if self.token is None else f"'{self.token.value}'"
        place = "" if self.token is None else f" at position {self.token.start}"
        return SyntaxProblem(f"Syntax error at or near {got}{place}: expected {wanted}.")
