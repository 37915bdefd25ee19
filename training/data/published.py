"""Training data that was published: which files there are, and where they come from.

Each is pinned to a commit. Their sha256 are not known in advance: see `sources`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from backend.benchmarks import Download

GPT4_LLM = (
    "https://raw.githubusercontent.com/Instruction-Tuning-with-GPT-4/GPT-4-LLM/"
    "80cda626ea305004be42426671c66efebbf22144/data"
)
ALPACA = (
    "https://raw.githubusercontent.com/tatsu-lab/stanford_alpaca/"
    "761dc5bfbdeeffa89b8bff5d038781a4055f796a"
)
FILES = (
    Download(
        "alpaca_data",
        f"{ALPACA}/alpaca_data.json",
        "",
        "52,000 instructions with answers of text-davinci-003; CC BY-NC 4.0",
        "training",
    ),
    Download(
        "alpaca_gpt4_data",
        f"{GPT4_LLM}/alpaca_gpt4_data.json",
        "",
        "the same 52,000 instructions with answers of GPT-4; CC BY-NC 4.0",
        "training",
    ),
    Download(
        "alpaca_gpt4_data_zh",
        f"{GPT4_LLM}/alpaca_gpt4_data_zh.json",
        "",
        "the instructions in Chinese, with answers of GPT-4 in Chinese; CC BY-NC 4.0",
        "training",
    ),
    Download(
        "comparison_data_v2",
        f"{GPT4_LLM}/comparison_data_v2.json",
        "",
        "answers of three systems to each instruction, with GPT-4's scores; CC BY-NC 4.0",
        "training",
    ),
)
KNOWN: Mapping[str, Download] = MappingProxyType({entry.name: entry for entry in FILES})


def name_fetch(file: str) -> str:
    """Return the name under which a file can be fetched; empty where it was never published."""
    return next((entry.name for entry in FILES if entry.file == file), "")
