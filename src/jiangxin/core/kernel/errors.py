"""Refusals that a person can act on.

Every refusal says what is wrong (`message`), what to do (`remedy`) and, where a norm decides it,
which clause (`clause`). Pages show all three; the API returns them as JSON.
"""


class DomainError(Exception):
    """A refusal in Chinese, with its remedy, its clause and the form field that it concerns."""

    status = 400

    def __init__(
        self, message: str, *, remedy: str = "", clause: str = "", field: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.clause = clause
        self.field = field

    def as_dict(self) -> dict[str, str]:
        """What pages and API show: message, remedy, clause, field (empty strings where unknown)."""
        return {
            "message": self.message,
            "remedy": self.remedy,
            "clause": self.clause,
            "field": self.field,
        }


class Invalid(DomainError):
    """The input cannot be accepted as it is."""

    status = 422


class NotPermitted(DomainError):
    """This person may not do this."""

    status = 403


class NotFound(DomainError):
    """It does not exist, or this viewer may not know that it exists."""

    status = 404


class WrongState(DomainError):
    """The step does not follow from the present state, or a deadline has passed."""

    status = 409


class LimitReached(DomainError):
    """A quota or a uniqueness constraint forbids it."""

    status = 409


class Tampered(DomainError):
    """Bytes do not match the digest that was published for them."""

    status = 409
