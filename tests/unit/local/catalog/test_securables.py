import pytest
from databricks.sdk.service.catalog import Privilege

from brickyard_local.catalog.privileges import GRANTABLE, checked_privilege
from brickyard_local.catalog.securables import (
    CATALOG,
    MODEL,
    SCHEMA,
    TABLE,
    checked_name,
    securable_type,
    split_name,
)
from brickyard_local.errors import InvalidParameter, NotEmulated


def test_names_are_kept_in_lower_case() -> None:
    assert checked_name("Flights") == "flights"
    assert split_name(TABLE, "Dev.Silver.Flights") == ("dev", "silver", "flights")


@pytest.mark.parametrize("name", ["", "a b", "a.b", "a/b", "a\x00", "a\n", "x" * 256])
def test_names_that_unity_catalog_refuses_are_refused(name: str) -> None:
    with pytest.raises(InvalidParameter, match="not a valid name"):
        checked_name(name)


@pytest.mark.parametrize("name", ["", "s", "c.", "c.s.t"])
def test_a_full_name_has_as_many_levels_as_its_type(name: str) -> None:
    with pytest.raises(InvalidParameter, match="all two levels"):
        split_name(SCHEMA, name)


def test_mlflow_recognises_the_hint_about_three_levels() -> None:
    with pytest.raises(InvalidParameter, match="specify all three levels"):
        split_name(MODEL, "m")


def test_models_are_functions_to_the_permissions_api() -> None:
    assert securable_type("function") is MODEL
    assert securable_type("catalog") is CATALOG


def test_a_securable_that_this_account_has_not_is_not_emulated() -> None:
    with pytest.raises(NotEmulated, match="clean_room"):
        securable_type("clean_room")


def test_every_grantable_privilege_is_one_of_databricks() -> None:
    known = {privilege.value for privilege in Privilege} | {"CREATE_MODEL_VERSION"}
    assert frozenset().union(*GRANTABLE.values()) <= known


def test_privileges_may_be_written_with_spaces() -> None:
    assert checked_privilege(SCHEMA, "use schema") == "USE_SCHEMA"


def test_a_privilege_that_the_securable_does_not_take_is_refused_with_those_it_takes() -> None:
    with pytest.raises(InvalidParameter, match=r"CREATE_SCHEMA is not applicable to a Table.*SELECT"):
        checked_privilege(TABLE, "CREATE_SCHEMA")
