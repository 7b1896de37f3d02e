"""The bindings are imported module by module."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
import brickyard_stacks.app
import cdktf_cdktf_provider_databricks as bindings
package = "cdktf_cdktf_provider_databricks."
before = {name for name in sys.modules if name.startswith(package) and not name.endswith("._private")}
assert "cdktf_cdktf_provider_databricks.job" in before
print(len(before))
assert "cdktf_cdktf_provider_databricks.share" not in before
print(bindings.share.Share.__name__)
try:
    bindings.nothing
except AttributeError as error:
    print(error)
"""


def test_a_synthesis_imports_the_bindings_it_names_and_others_when_they_are_named() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)

    count, named, missing = done.stdout.splitlines()
    assert int(count) < 60
    assert named == "Share"
    assert missing == "module 'cdktf_cdktf_provider_databricks' has no attribute 'nothing'"


def test_what_is_not_installed_is_left_to_the_import_that_needs_it() -> None:
    from brickyard_constructs.on_demand import import_on_demand

    import_on_demand("cdktf_cdktf_provider_nobody")

    with pytest.raises(ModuleNotFoundError, match="cdktf_cdktf_provider_nobody"):
        __import__("cdktf_cdktf_provider_nobody")
