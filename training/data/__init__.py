"""Training data: files of four shapes, read row by row into examples and pairs.

A file is a JSON array or JSON lines; which shape it has is seen from its first row.
"""

from training.data.benchmarks import find_benchmark_rows, name_benchmark
from training.data.library import (
    DataFile,
    add_file,
    find_file,
    list_files,
)
from training.data.published import KNOWN
from training.data.shapes import Pairs, check_file, detect_shape, read_examples, read_pairs
from training.data.sources import fetch_file

__all__ = [
    "KNOWN",
    "DataFile",
    "Pairs",
    "add_file",
    "check_file",
    "detect_shape",
    "fetch_file",
    "find_benchmark_rows",
    "find_file",
    "list_files",
    "name_benchmark",
    "read_examples",
    "read_pairs",
]
