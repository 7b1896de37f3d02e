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
