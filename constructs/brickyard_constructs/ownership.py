"""Who owns the whole access of an object, over all stacks of an app.

`databricks_grants` and `databricks_permissions` are authoritative: they remove what they do not list. A second
one for the same object would silently undo the first on every apply, so it is refused while the app is built.
"""

from typing import cast

from constructs import Construct

from brickyard_constructs.checks import known
from brickyard_constructs.errors import TwoOwners

_REGISTER = "access-owners"


def claim(owner: Construct, what: str) -> None:
    """Record that `owner` holds the whole access of `what`, such as `catalog dev`.

    The record is part of the construct tree itself, so that it lives exactly as long as the app and also
    catches a construct that someone else wrote with ours. A name that only Terraform knows cannot be compared.

    Errors: TwoOwners, naming both construct paths.
    """
    if not known(what):
        return
    root = cast("Construct", owner.node.root)
    register = cast("Construct", root.node.try_find_child(_REGISTER) or Construct(root, _REGISTER))
    taken = register.node.try_find_child(what)
    if taken is not None:
        raise TwoOwners(what, str(taken.node.metadata[0].data), owner.node.path)
    Construct(register, what).node.add_metadata("owner", owner.node.path)
