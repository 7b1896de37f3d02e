"""What a construct refuses before synthesis."""


class ConstructsError(Exception):
    """Base of every error of this package."""


class InvalidProps(ConstructsError):
    """Raised when a construct is given a value that Databricks would refuse."""

    def __init__(self, prop: str, got: object, *, rule: str) -> None:
        super().__init__(f"{prop}: got {got!r}; {rule}")


class TwoOwners(ConstructsError):
    """Raised when two constructs each want to own the whole access of one object.

    Terraform would apply both, and each would wipe what the other wrote, with nothing in the plan
    (terraform-provider-databricks issues 2216 and 4679).
    """

    def __init__(self, what: str, first: str, second: str) -> None:
        super().__init__(
            f"{what} has two owners of its access: {first} and {second}; "
            "put all of it in one of them and remove the other"
        )


class OwnedAndShared(TwoOwners):
    """Raised when one construct owns the whole access of an object that another one only adds to.

    The authoritative set would remove the added grants on its next apply, and the added ones come back on theirs.
    """

    def __init__(self, what: str, *, owner: str, sharer: str) -> None:
        ConstructsError.__init__(
            self,
            f"{what} is owned with its whole access by {owner}, and {sharer} adds grants to it as to a referenced one; "
            "put all of it in the owner, or let both reference it",
        )
