"""Who owns an object: we create it, we adopt what is there, or we only refer to it."""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from brickyard_stacks.settings.strict import Broken, Form, Strict, Text

Ownership = Literal["create", "adopt", "reference"]

Privilege = Annotated[
    str, Field(pattern=r"^[A-Z]+(_[A-Z]+)*$"), Form("a privilege of Unity Catalog, such as USE_SCHEMA")
]
Privileges = Annotated[tuple[Privilege, ...], Field(strict=False, min_length=1)]
ExtraAccess = dict[Text, Privileges]


class Owned(Strict):
    """An object that is created and owned, adopted (imported, then owned), or only referred to."""

    ownership: Ownership = Field(
        default="create",
        description="create: ours; adopt: import what is there, then ours; reference: theirs, we never change it",
    )
    import_id: Text | None = Field(
        default=None, description="the id that `terraform import` takes; for ownership adopt only"
    )
    imported_by_name: ClassVar[bool] = True

    def broken_rules(self) -> Iterable[Broken]:
        """An id to import goes with `adopt`, which needs one where the name is not the id."""
        if self.import_id is not None and self.ownership != "adopt":
            yield Broken(key=("import_id",), rule="goes with ownership: adopt only: remove one of the two")
        if self.import_id is None and self.ownership == "adopt" and not self.imported_by_name:
            yield Broken(key=("import_id",), rule="required with ownership: adopt, since the name is not the id")


class Referred(Owned):
    """An object that others usually own already: only referred to unless a file says otherwise."""

    ownership: Ownership = Field(default="reference", description=Owned.model_fields["ownership"].description)
