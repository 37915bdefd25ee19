"""What a worker counts about itself."""

import re
from pathlib import Path

import pytest

from backend.worker.meters import Meters, measure_process

LINE = re.compile(r'# TYPE \w+ (counter|gauge|histogram)|\w+(\{\w+="[^"]+"\})? [\d.e+-]+')


def test_every_line_is_one_that_prometheus_reads():
    meters = Meters()
    meters.time_first(0.2)
    meters.faults[400] += 1
    for line in meters.write({"camelid_requests_running": 3}).splitlines():
        assert LINE.fullmatch(line), line


@pytest.mark.parametrize(("seconds", "edge"), [(0.0, "0.01"), (0.01, "0.01"), (0.02, "0.025")])
def test_a_wait_is_counted_at_its_edge(seconds, edge):
    meters = Meters()
    meters.time_first(seconds)
    assert f'_bucket{{le="{edge}"}} 1\n' in meters.write({})
    assert '_bucket{le="+Inf"} 1\n' in meters.write({})


def test_a_wait_beyond_every_edge_is_counted_too():
    meters = Meters()
    meters.time_first(1000)
    assert '_bucket{le="60.0"} 0\n' in meters.write({})
    assert "_count 1\n" in meters.write({}) and "_sum 1000.0\n" in meters.write({})


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs Linux's /proc")
def test_the_process_is_measured():
    measured = measure_process()
    assert measured["process_resident_memory_bytes"] > 1e6
    assert measured["process_threads"] >= 1
