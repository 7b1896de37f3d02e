"""No path leads out of the folder that it may use."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from brickyard_local.errors import ApiError, InvalidParameter, PermissionDenied
from brickyard_local.paths import descend, split_path

nasty = st.lists(
    st.one_of(
        st.sampled_from(["..", ".", "", "a", "b c", "\x00", "..\\..", "%2e%2e", "%2F", "..%2f", "ü", "\udc80", "~"]),
        st.text(max_size=12),
    ),
    max_size=6,
).map("/".join)


@given(nasty)
@example("../../etc/passwd")
@example("a/../../../etc/passwd")
@example("a//b")
@example("a/\x00/b")
@example("\udcff")
@example("x" * 300)
def test_a_path_is_refused_or_stays_below_its_folder(path: str) -> None:
    base = Path("/srv/base")
    try:
        names = split_path("/" + path)
    except InvalidParameter:
        return
    found = descend(base, names)
    assert Path(*base.parts, *names) == found
    assert found == base or base in found.parents
    assert ".." not in found.parts
    found.as_posix().encode()  # can be handed to the operating system
    assert "\x00" not in str(found)


@given(st.lists(st.from_regex(r"[A-Za-z0-9 _=.-]{1,20}", fullmatch=True), min_size=1, max_size=5))
def test_ordinary_names_are_kept_as_they_are(names: list[str]) -> None:
    if {".", ".."} & set(names):
        return
    assert split_path("/" + "/".join(names)) == tuple(names)


@pytest.mark.parametrize("path", ["", "Volumes/a", "C:\\x", "dbfs:Volumes"])
def test_a_path_must_be_absolute(path: str) -> None:
    with pytest.raises(InvalidParameter, match="absolute"):
        split_path(path)


def test_a_symbolic_link_on_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "link").symlink_to("/etc")
    for names in (("link",), ("link", "passwd")):
        with pytest.raises(PermissionDenied, match="symbolic link"):
            descend(tmp_path / "base", names)


def test_every_refusal_is_an_answer_for_the_client() -> None:
    assert issubclass(InvalidParameter, ApiError)
