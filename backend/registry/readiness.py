"""Can a model be asked now, and if not, what has to be done first."""

import ipaddress
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from backend.errors import InputError, MissingTool
from backend.keyring import is_secret
from backend.prices import find_price
from backend.registry.cards import Card, LocalCard, OpenAICard, RecordedCard
from backend.templates import list_templates

WEIGHTS = "weights"
INDEX = "model.safetensors.index.json"

# What is in the way of a card, and what to do about it: two sentences.
Fault = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a card can be asked now; if not, all that is in the way, and what to do."""

    ready: bool
    why: str = ""
    todo: str = ""


def check_card(
    card: Card,
    data: Path,
    *,
    has_key: Callable[[str], bool],
    has_cuda: Callable[[], bool] | None = None,
) -> Readiness:
    """Look whether a card can run; nothing is loaded and nobody is asked.

    `has_key` says whether a variable of that name holds a key; `has_cuda` whether there is a GPU.
    """
    if isinstance(card, LocalCard):
        faults = list(check_local(card, data, has_cuda or find_cuda))
    elif isinstance(card, OpenAICard):
        faults = list(check_openai(card, has_key))
    else:
        faults = [explain_record(card)]
    why, todo = (join_words(fault[side] for fault in faults) for side in (0, 1))
    return Readiness(not faults, why, todo)


def join_words(sentences: Iterable[str]) -> str:
    """Return sentences one after another, each once."""
    return " ".join(dict.fromkeys(sentences))


def explain_record(card: RecordedCard) -> Fault:
    """Return why a recorded system can't be asked."""
    return (
        f"{card.label} is recorded: it can't be asked anything new.",
        f"Its answers are in the ledger, or can be imported as {card.system}.",
    )


def check_local(card: LocalCard, data: Path, has_cuda: Callable[[], bool]) -> Iterator[Fault]:
    """Yield what is in the way of serving weights on this machine."""
    try:
        folder = locate_weights(card, data)
    except InputError as error:
        yield str(error), "Give an absolute path, or one below the data folder."
        return
    if folder.is_dir():
        yield from check_folder(card, folder)
        yield from check_tokenizer(card, folder)
    else:
        yield explain_absence(card, folder)
    if card.template and card.template not in list_templates():
        known = ", ".join(list_templates())
        yield f"Its chat template {card.template!r} is not known.", f"Use one of {known}."
    yield from check_device(card, has_cuda)


def find_weights(card: LocalCard, data: Path) -> Path:
    """Return the folder that holds a card's weights.

    Edge: without a path in the card, it is the folder of the card's name below data/weights.
    Errors: MissingTool when it isn't there; InputError for a path that leaves the data folder.
    """
    folder = locate_weights(card, data)
    if not folder.is_dir():
        raise MissingTool(" ".join(explain_absence(card, folder)))
    return folder.absolute()


def locate_weights(card: LocalCard, data: Path) -> Path:
    """Return where a card's weights are, or have to be.

    Errors: InputError for a relative path that leaves the data folder.
    """
    if "\0" in card.path or ".." in PurePosixPath(card.path).parts:
        raise InputError(f"The path of {card.name}, {card.path!r}, leaves the data folder.")
    return data / (card.path or f"{WEIGHTS}/{card.name}")


def explain_absence(card: LocalCard, folder: Path) -> Fault:
    """Return where weights that are not there have to be put, and how else to get them."""
    fetch = f", or run `models fetch {card.name}`" if card.repo else ""
    todo = f"Put the folder at {folder}{fetch}. {card.needs}".strip()
    return f"{card.label} has no weights here.", todo


def check_folder(card: LocalCard, folder: Path) -> Iterator[Fault]:
    """Yield what a folder of weights lacks."""
    if not (folder / "config.json").is_file():
        yield f"{folder} holds no config.json.", "Use a folder in the format of transformers."
    if any(folder.glob("*.safetensors")):
        missing = [name for name in list_shards(folder) if not (folder / name).is_file()]
        if missing:
            yield f"{folder} lacks {', '.join(missing)}.", "Copy or fetch the weights again."
    elif any(folder.glob("*.bin")):
        yield f"The weights in {folder} are .bin files.", f"Run `models convert {card.name}`."
    else:
        yield f"{folder} holds no weights.", "Put safetensors files there."


def list_shards(folder: Path) -> list[str]:
    """Return the files that an index of weights names; none where there is no index."""
    try:
        told = json.loads((folder / INDEX).read_bytes())
        return sorted({str(name) for name in told["weight_map"].values()})
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return [f"a readable {INDEX}"]


def check_tokenizer(card: LocalCard, folder: Path) -> Iterator[Fault]:
    """Yield what a folder's tokenizer lacks."""
    has_pieces = (folder / "tokenizer.model").is_file()
    needs_pieces = has_pieces and not (folder / "tokenizer.json").is_file()
    if needs_pieces and not (has_module("sentencepiece") and has_module("google.protobuf")):
        todo = "Run `pip install sentencepiece protobuf`."
        yield "Its tokenizer.model needs sentencepiece and protobuf.", todo
    if not card.template and card.role == "chat" and not has_template(folder):
        known = ", ".join(list_templates())
        yield "Its tokenizer brings no chat template.", f"Name one in its card: {known}."


def has_template(folder: Path) -> bool:
    """Say whether a folder's tokenizer brings a chat template of its own."""
    if (folder / "chat_template.jinja").is_file():
        return True
    try:
        told = json.loads((folder / "tokenizer_config.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(told, dict) and bool(told.get("chat_template"))


def check_device(card: LocalCard, has_cuda: Callable[[], bool]) -> Iterator[Fault]:
    """Yield what the card asks of the machine that the machine hasn't got."""
    is_quantised = card.quantisation != "none"
    if (is_quantised or card.device.startswith("cuda")) and not has_cuda():
        what = f"Weights in {card.quantisation} need" if is_quantised else f"{card.device} needs"
        yield f"{what} a GPU, and none is found.", "Give quantisation none, and device auto or cpu."
    if is_quantised and not has_module("bitsandbytes"):
        yield f"{card.quantisation} needs bitsandbytes.", "Run `pip install bitsandbytes`."


def has_module(name: str) -> bool:
    """Say whether a package is installed; it isn't imported."""
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # the package around it isn't there
        return False


def find_cuda() -> bool:
    """Look for an NVIDIA GPU without importing anything heavy."""
    return any(Path("/dev").glob("nvidia[0-9]*")) or shutil.which("nvidia-smi") is not None


def check_openai(card: OpenAICard, has_key: Callable[[str], bool]) -> Iterator[Fault]:
    """Yield what is in the way of asking a server."""
    if card.key_env and not is_secret(card.key_env):
        todo = "Let it end with _KEY, _TOKEN or _SECRET, so that it is kept from child processes."
        yield f"{card.key_env} is not the name of a key.", todo
    elif card.key_env and not has_key(card.key_env):
        yield f"{card.key_env} is not set.", "Set it in the app's environment, and start it again."
    prices = find_prices(card)
    if prices is None:
        todo = "Give price_input_usd and price_output_usd, in dollars a million tokens."
        yield f"The price of {card.label} is not known.", todo
    if prices != (0, 0) and not card.daily_cap_usd:
        yield "Its daily cap is 0 dollars.", "Raise daily_cap_usd to ask it."


def find_prices(card: OpenAICard) -> tuple[float, float] | None:
    """Return what a million tokens in and out cost in dollars, or None where that is unknown.

    Edge: without a price in its card, a server on this machine or in a private network is free,
    and others cost what the table of published prices says.
    """
    into, out = card.price_input_usd, card.price_output_usd
    if into is not None and out is not None:
        return into, out
    if into is not None or out is not None:
        return None
    if is_private(card.base_url):
        return 0.0, 0.0
    listed = find_price(card.base_url, card.model)
    return (listed.input_usd, listed.output_usd) if listed else None


def fill_prices(card: OpenAICard) -> OpenAICard:
    """Return a card with the prices that count, where they are known."""
    into, out = find_prices(card) or (card.price_input_usd, card.price_output_usd)
    return card.model_copy(update={"price_input_usd": into, "price_output_usd": out})


def say_prices(card: OpenAICard) -> str:
    """Return which prices count, in a few words that go on with "at" or "for"."""
    prices = find_prices(card)
    if prices is None:
        return "at an unknown price"
    if prices == (0, 0):
        return "for nothing"
    listed = None if card.price_input_usd is not None else find_price(card.base_url, card.model)
    return f"at prices of {listed.listed_on}" if listed else "at the prices of its card"


def is_private(base_url: str) -> bool:
    """Say whether a server is on this machine or in a private network, by its address alone.

    Edge: a name without a dot can be found in a private network only; other names are public.
    """
    try:
        host = (urlsplit(base_url).hostname or "").rstrip(".").lower()
    except ValueError:  # brackets that hold no address
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host.endswith(".localhost") or ("." not in host and host[:1].isalpha())
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_private or address.is_loopback or address.is_link_local
