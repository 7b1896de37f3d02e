"""A database instance that is made, with a node that may be read, and one that is taken over."""

from cdktf import TerraformStack

from brickyard_constructs.databases import DatabaseInstance, DatabaseInstanceProps
from brickyard_constructs.iam import Permission

PERMISSIONS = (Permission(level="CAN_USE", service_principal="app-id"), Permission(level="CAN_MANAGE", group="team"))


def build(stack: TerraformStack) -> None:
    """Put both into a stack."""
    made = DatabaseInstanceProps(
        name="acme-features",
        permissions=PERMISSIONS,
        capacity="CU_2",
        nodes=2,
        readable_secondaries=True,
        usage_policy_id="11111111-2222-3333-4444-555566667777",
        tags={"cost_center": "ml", "owner": "team"},
    )
    DatabaseInstance(stack, "store", made)
    DatabaseInstance(
        stack, "adopted", DatabaseInstanceProps(name="old", permissions=PERMISSIONS, ownership="adopt", protected=False)
    )
