"""Room on the disk: imports and backups stop first, then pairs, votes never."""

import pytest

from annotations.imports import import_file
from annotations.space import NO_LIMITS, Space, read_free
from annotations.store import Store
from backend.errors import LedgerError

MB = 1_000_000


@pytest.mark.parametrize(
    "free, is_low, is_full",
    [(500, False, False), (499, True, False), (100, True, False), (99, True, True)],
)
def test_each_limit_begins_below_its_number(tmp_path, free, is_low, is_full):
    space = Space(500, 100, read_free=lambda folder: free * MB)
    assert space.is_full(tmp_path) == is_full
    if is_low:
        with pytest.raises(LedgerError, match=f"Only {free} MB are free"):
            space.check(tmp_path, "an import")
    else:
        space.check(tmp_path, "an import")


def test_an_import_is_refused_before_the_file_is_read(tmp_path):
    space = Space(500, 100, read_free=lambda folder: 400 * MB)
    with (
        Store(tmp_path, purpose="test", space=space) as store,
        pytest.raises(LedgerError, match="an import needs 500 MB to be free"),
    ):
        import_file(store, tmp_path / "there is no such file")


def test_the_real_disk_is_asked_for(tmp_path):
    assert read_free(tmp_path) > 0
    assert not NO_LIMITS.is_full(tmp_path)
    assert Space(0, 10**12).is_full(tmp_path)
