"""What tests of every room share: a ledger, the real data where it is, and a strict gate."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.ledgers import make_study, open_store

SOURCES = "CAMELID_DATA_SOURCES"

# A busy machine is slow now and then; that is no fault of the code. There are many properties, so
# each has half of hypothesis's own number of examples, unless it asks for more.
settings.register_profile(
    "house",
    settings.default,
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")


def pytest_configure():
    """No app that a test starts trains models beside it, unless the test asks for them.

    What the tests start compiles our modules once, and not in each of a hundred processes.
    """
    os.environ["CAMELID_DEMO_MODELS"] = "false"
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """In the gate, a browser test that skips has failed: nobody would notice else."""
    report = yield
    if report.skipped and os.environ.get("CI") and item.get_closest_marker("browser"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} may not skip where CI is set: {report.longrepr}"
    return report


@pytest.fixture
def data_sources():
    """The folder with the published files."""
    folder = Path(os.environ.get(SOURCES, ""))
    if not os.environ.get(SOURCES) or not folder.is_dir():
        pytest.skip(f"{SOURCES} names no folder with the published data")
    return folder


@pytest.fixture
def store(tmp_path):
    """An empty ledger that is open to write."""
    with open_store(tmp_path) as store:
        yield store


@pytest.fixture
def study(store):
    """A small study in `store`: two systems, six items, three votes a pair."""
    return make_study(store)
