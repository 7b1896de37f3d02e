from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard_local.catalog.urls import EXTERNAL, as_file_url, from_folder, storage_url
from brickyard_local.errors import InvalidParameter

HOME = Path("/home of it")
NAMES = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Z"), blacklist_characters="/?#"), min_size=1).filter(
    lambda name: name not in {".", ".."} and "%" not in name and len(name.encode()) < 256
)
URLS = st.builds(
    lambda scheme, authority, names: storage_url("/".join((f"{scheme}://{authority}", *names))),
    st.sampled_from(("s3", "abfss", "gs", "r2")),
    st.sampled_from(("bucket", "container@account.dfs.core.windows.net")),
    st.lists(NAMES, max_size=3),
)


@given(st.text(max_size=40))
def test_no_text_leads_out_of_the_folder_of_external_storage(text: str) -> None:
    for candidate in (text, f"s3://b/{text}", f"s3://{text}/x"):
        try:
            folder = storage_url(candidate).folder
        except InvalidParameter:
            continue
        parts = PurePosixPath(folder).parts
        assert parts[0] == EXTERNAL
        assert len(parts) >= 3
        assert not {".", ".."} & set(folder.split("/"))


@given(URLS)
def test_a_url_its_text_and_its_folder_mean_each_other(url: object) -> None:
    assert storage_url(str(url)) == url
    assert storage_url(f"{url}/") == url
    assert from_folder(as_file_url(HOME / storage_url(str(url)).folder), HOME) == url


@given(URLS, URLS)
def test_overlap_is_what_the_folders_say(left: object, right: object) -> None:
    one, other = storage_url(str(left)), storage_url(str(right))
    folders = PurePosixPath(one.folder), PurePosixPath(other.folder)
    assert one.holds(other) == folders[1].is_relative_to(folders[0])
    assert one.overlaps(other) == (folders[0].is_relative_to(folders[1]) or folders[1].is_relative_to(folders[0]))


@pytest.mark.parametrize("text", ["file:/x", "s3:/b", "s3:///x", "S3://b/x?y", "s3://b/a//b", "s3://b/./a", "dbfs:/x"])
def test_what_is_no_url_of_cloud_storage_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter):
        storage_url(text)


def test_folders_beside_external_storage_have_no_url() -> None:
    for location in ("file:///home of it/tables/x", "file:///etc", "s3://b"):
        assert from_folder(location, HOME) is None
    with pytest.raises(InvalidParameter):
        from_folder("file:/home%20of%20it/external/../tables", HOME)
