"""Benchmarks, released answers and reviews: what exists, where it comes from, and its sha256.

Nothing here is shipped with the program: a file is downloaded once, or put into the folder by hand.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from backend.errors import InputError, MissingTool, NotFound

Kind = Literal["items", "answers", "reviews", "prompts", "training"]

FOLDER = "downloads"
TIMEOUT_S = 60

SELF_INSTRUCT = (
    "https://raw.githubusercontent.com/yizhongw/self-instruct/"
    "0b26ccaa415992100fa32df62d41b994cf928e23/human_eval"
)
FASTCHAT = (
    "https://raw.githubusercontent.com/lm-sys/FastChat/"
    "6ed0394d908fa7b6b1101ab2c814e72ee670b323/fastchat/eval/table"
)

# How many items a whole copy of a benchmark has.
SIZES: Mapping[str, int] = MappingProxyType({"user_oriented_252": 252, "vicuna_80": 80})


@dataclass(frozen=True, slots=True)
class Download:
    """One file that can be had: a benchmark, or what belongs to one, named `what@benchmark`.

    A model's answers go by its name, other files by their own.
    """

    name: str
    url: str
    sha256: str
    what: str
    kind: Kind = "items"

    @property
    def file(self) -> str:
        """Return the file's name, the same upstream and in our folder."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def benchmark(self) -> str:
        """Return the benchmark that the file is, or belongs to."""
        return self.name.rpartition("@")[2]

    @property
    def model(self) -> str | None:
        """Return the model whose answers the file holds, or None for anything else."""
        return self.name.rpartition("@")[0] if self.kind == "answers" else None


# Instructions, and what systems answered.
ANSWERED = (
    Download(
        "user_oriented_252",
        f"{SELF_INSTRUCT}/user_oriented_instructions.jsonl",
        "81d60a117db495cecedecd9193504fd07c5b5a42f6699ef6b0f9da10fc22f42e",
        "252 user-oriented instructions of Self-Instruct, with reference answers",
    ),
    Download(
        "davinci-self-instruct@user_oriented_252",
        f"{SELF_INSTRUCT}/predictions/davinci-self-instruct_predictions.jsonl",
        "d454d989d16567ba9ed2898940beb3bfced2887b8014a5b6f5fa7955e499a4b8",
        "252 answers of GPT-3 tuned on Self-Instruct data",
        "answers",
    ),
    Download(
        "text-davinci-001@user_oriented_252",
        f"{SELF_INSTRUCT}/predictions/text-davinci-001_predictions.jsonl",
        "0e5486cb74260ed10dfc43d6c26343c4bb98251401003b46ae3fca498305a94d",
        "252 answers of InstructGPT text-davinci-001",
        "answers",
    ),
    Download(
        "text-davinci-003@user_oriented_252",
        f"{SELF_INSTRUCT}/predictions/text-davinci-003_predictions.jsonl",
        "9fbf9229c917f2c832399e4d474f0ed1a4f367fae61e5eee814f3db687e0d584",
        "252 answers of InstructGPT text-davinci-003",
        "answers",
    ),
    Download(
        "vicuna_80",
        f"{FASTCHAT}/question.jsonl",
        "590c39157bc561eadd7f03cad4be18c2b597f93029780af65f86718f39eafa87",
        "80 Vicuna questions in nine categories",
    ),
    Download(
        "alpaca-13b:v1@vicuna_80",
        f"{FASTCHAT}/answer/answer_alpaca-13b.jsonl",
        "50a6a9274da00cc74e8b3a8e3e92be2ba23ed6f2bf6ae9bbcc3082424acea540",
        "80 answers of Alpaca-13B",
        "answers",
    ),
    Download(
        "bard:20230327@vicuna_80",
        f"{FASTCHAT}/answer/answer_bard.jsonl",
        "3b807061959b50b2c7cc2d278c02ce4a1608c6afe366d22613ba90be6c9a3f3f",
        "80 answers of Bard",
        "answers",
    ),
    Download(
        "gpt-3.5-turbo:20230327@vicuna_80",
        f"{FASTCHAT}/answer/answer_gpt35.jsonl",
        "c6545739b0738eba5f9348e77f680031aec076a72ecba71b3014e7b1b0dfe099",
        "80 answers of ChatGPT (gpt-3.5-turbo)",
        "answers",
    ),
    Download(
        "llama-13b:v1@vicuna_80",
        f"{FASTCHAT}/answer/answer_llama-13b.jsonl",
        "cbe933439a8a70107761929d72731979ece34e1df0bcdba11af8817ce9975f40",
        "80 answers of LLaMA-13B",
        "answers",
    ),
    Download(
        "vicuna-13b:20230322-clean-lang@vicuna_80",
        f"{FASTCHAT}/answer/answer_vicuna-13b.jsonl",
        "d1a4b3a5d2e3ca90d2d55084ee25d4d90e63e65ac647bf50359da8633e16d0b8",
        "80 answers of Vicuna-13B",
        "answers",
    ),
    Download(
        "vicuna-13b:20230322-new-hp-fp16@vicuna_80",
        f"{FASTCHAT}/answer/answer_vicuna-13b-20230322-new-hp-fp16.jsonl",
        "4bac993e6d7f8209c985f73e868dc52f97cf4f3ce11a3d1a99513c76addc0b8d",
        "80 answers of Vicuna-13B, trained with other hyper-parameters",
        "answers",
    ),
)


def name_review(pair: str, sha256: str) -> Download:
    """Return the entry of GPT-4's reviews of two systems, by the name of their file."""
    first, vicuna = pair.split("_")
    return Download(
        f"review_{pair}@vicuna_80",
        f"{FASTCHAT}/review/{vicuna}/review_{pair}.jsonl",
        sha256,
        f"80 reviews of GPT-4: {first} against {vicuna}",
        "reviews",
    )


# What the published judge said of them, and what it was told.
JUDGED = (
    name_review(
        "alpaca-13b_vicuna-13b-20230322-clean-lang",
        "c8fd15e3e128684e6096adc2c93ded78bff5b6c9052c4ec59526c50eee474a6d",
    ),
    name_review(
        "bard_vicuna-13b-20230322-clean-lang",
        "a5a9d6e77e053d466568abb4834e58b0983e253c81bc63068a8bc3d5984966fb",
    ),
    name_review(
        "gpt35_vicuna-13b-20230322-clean-lang",
        "370f496e6d871c9d932c3ddbe6ccdcbfa9ad04a44b04e037b26e7ac474d9ed56",
    ),
    name_review(
        "llama-13b_vicuna-13b-20230322-clean-lang",
        "2a66bf23d002fa7d85250233d495ee5ad95fbbd39ffc4c829c1d51865874a1cb",
    ),
    name_review(
        "alpaca-13b_vicuna-13b-20230322-new-hp-fp16",
        "c70f4ebbacbede219aa5adb868d376b7758b6ce016d61fa62c36af2db456486f",
    ),
    name_review(
        "bard_vicuna-13b-20230322-new-hp-fp16",
        "eba023a67525bb2c84d17ea5aaae9790bc6309d712150c5c29b1384a21fcdfc4",
    ),
    name_review(
        "gpt35_vicuna-13b-20230322-new-hp-fp16",
        "9d55f2e94ae5cdcc097836f7275b09929a76623f592cf941e63c1c7e379ba639",
    ),
    name_review(
        "llama_vicuna-13b-20230322-new-hp-fp16",
        "4ef5493d57c34733ba78e8e5a9ae4e7645c8459f5ac8520ae582c78b431e02eb",
    ),
    Download(
        "prompt@vicuna_80",
        f"{FASTCHAT}/prompt.jsonl",
        "475f1ff9e2872fe0ffd43db38fd5c3277f46fe6b2d62fcd2f968a0c9e59391a3",
        "3 prompts that GPT-4 was asked with, for the original protocol",
        "prompts",
    ),
    Download(
        "reviewer@vicuna_80",
        f"{FASTCHAT}/reviewer.jsonl",
        "f9bbe8afca441761cbbe5ed3298101e63e8e2d42a2f1dea0ce2c5c991b8d5893",
        "which prompt is for which questions, for the original protocol",
        "prompts",
    ),
)
FILES = (*ANSWERED, *JUDGED)
DOWNLOADS: Mapping[str, Download] = MappingProxyType({entry.name: entry for entry in FILES})


def find_download(name: str, registry: Mapping[str, Download] = DOWNLOADS) -> Download:
    """Return the entry of that name.

    Errors: NotFound that lists the names there are.
    """
    if name not in registry:
        raise NotFound(f"There is no download {name!r}. There are: {', '.join(registry)}.")
    return registry[name]


def fetch_download(name: str, folder: Path, registry: Mapping[str, Download] = DOWNLOADS) -> Path:
    """Return the file of a download in the data folder; it is fetched if it is not there yet.

    Edge: a file put there by hand counts, if it is the right one.
    Errors: NotFound for an unknown name; MissingTool when it can't be fetched; InputError when the
    file that is there is another one (it is left as it is).
    """
    entry = find_download(name, registry)
    path = folder / FOLDER / entry.file
    if not path.is_file():
        fetch_file(entry, path)
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != entry.sha256:
        raise InputError(
            f"{path} is not the file that {name} stands for (its sha256 is {found}, "
            f"it should be {entry.sha256}). Move it away and try again; it was left as it is."
        )
    return path


def fetch_file(entry: Download, path: Path) -> None:
    """Download one file to `path`; nothing is left there when that fails.

    Edge: without a sha256 any file is taken; who asks for such a one has to verify it.
    """
    import pooch  # noqa: PLC0415 - takes 0.15 s, and most starts download nothing

    pooch.get_logger().setLevel("WARNING")
    try:
        pooch.retrieve(
            entry.url,
            known_hash=f"sha256:{entry.sha256}" if entry.sha256 else None,
            fname=path.name,
            path=path.parent,
            downloader=pooch.HTTPDownloader(timeout=TIMEOUT_S),
        )
    except (OSError, ValueError) as error:
        raise MissingTool(
            f"{entry.file} could not be fetched from {entry.url} ({explain_failure(error)}). "
            f"Put it into {path.parent} by hand, under that name, and try again."
        ) from error


def explain_failure(error: Exception) -> str:
    """Return why a download failed, in a few words."""
    if isinstance(error, ValueError):  # pooch's word for a wrong hash, and requests' for a bad URL
        return "what came is not the expected file: its sha256 differs"
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return f"the server answered {status}"
    if hasattr(error, "request"):
        return "no connection"
    return getattr(error, "strerror", None) or str(error)
