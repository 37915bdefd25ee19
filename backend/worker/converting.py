"""The child that reads pickles: `python -m backend.worker.converting SOURCE TARGET`.

Only tensors are taken (`weights_only`), each shard becomes one safetensors file with the same
numbers in it, and what was written is read again and compared. Tied weights are written under each
of their names, so that no loader has to know of them.
"""

import json
import pickle
import resource
import sys
import zipfile
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from backend.errors import CamelidError, InputError
from backend.registry.files import PICKLES, pick

BASE_BYTES = 24 << 30  # address space of torch and its GPU libraries, before any weights
BASE_S = 300
S_PER_GB = 60
SLACK_BYTES = 64 << 20
INDEX = "model.safetensors.index.json"


def main(argv: list[str]) -> int:
    """Convert one folder; return the exit code, and say on stderr what is wrong."""
    source, target = Path(argv[0]), Path(argv[1])
    try:
        shards = [source / name for name in pick((one.name for one in source.iterdir()), PICKLES)]
        limit_self([shard.stat().st_size for shard in shards])
        convert_shards(shards, target)
    except CamelidError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except MemoryError:
        sys.stderr.write("It needs more memory than its size allows.\n")
        return 1
    except Exception as error:  # the edge of a process that reads what nobody vouches for
        sys.stderr.write(f"{type(error).__name__} while reading it.\n")
        return 1
    return 0


def limit_self(sizes: list[int]) -> None:
    """Take no more memory, time, files or processes than such weights can need."""
    largest, total = max(sizes, default=0), sum(sizes)
    wanted = {
        resource.RLIMIT_AS: BASE_BYTES + 4 * largest,
        resource.RLIMIT_FSIZE: 2 * largest + SLACK_BYTES,
        resource.RLIMIT_CPU: BASE_S + S_PER_GB * total // 10**9,
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in wanted.items():
        hard = resource.getrlimit(kind)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (most, most))


def convert_shards(shards: list[Path], target: Path) -> None:
    """Write every shard as safetensors, and an index where there are several."""
    where: dict[str, str] = {}
    n_bytes = 0
    for shard in shards:
        tensors = {name: one for name, one in load_shard(shard).items() if name not in where}
        tensors = separate(tensors)
        name = shard.name.replace("pytorch_model", "model").replace(".bin", ".safetensors")
        write_shard(target / name, tensors)
        where |= dict.fromkeys(tensors, name)
        n_bytes += sum(one.numel() * one.element_size() for one in tensors.values())
    if len(shards) > 1:
        index = {"metadata": {"total_size": n_bytes}, "weight_map": dict(sorted(where.items()))}
        (target / INDEX).write_text(json.dumps(index, indent=2) + "\n", "utf-8")


def load_shard(path: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of a .bin file; nothing in it is ever called.

    Errors: InputError when it is broken or holds anything else.
    """
    try:
        told = torch.load(
            path, weights_only=True, map_location="cpu", mmap=zipfile.is_zipfile(path)
        )
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, LookupError) as error:
        raise InputError(
            f"{path.name} holds more than weights, or is broken, and was not loaded. "
            "Get safetensors from its maker."
        ) from error
    if not isinstance(told, dict) or not told or not all(map(is_entry, told.items())):
        raise InputError(f"{path.name} holds something else than named tensors.")
    return dict(told)


def is_entry(entry: tuple[object, object]) -> bool:
    """Say whether this is a name with plain numbers on the CPU."""
    name, one = entry
    if not isinstance(name, str) or not isinstance(one, torch.Tensor):
        return False
    return one.layout == torch.strided and not one.is_quantized and one.device.type == "cpu"


def separate(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the same numbers with a memory of its own for each name, as safetensors wants it."""
    seen: set[int] = set()
    apart = {}
    for name, one in tensors.items():
        place = one.untyped_storage().data_ptr()
        plain = one.detach().contiguous()
        apart[name] = plain.clone() if place in seen else plain
        seen.add(place)
    return apart


def write_shard(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Write one safetensors file, read it again, and compare every byte.

    Errors: InputError when the disk gave back something else.
    """
    save_file(tensors, path, metadata={"format": "pt"})
    with safe_open(path, framework="pt") as file:
        for name, one in tensors.items():
            if not is_same(file.get_tensor(name), one):
                raise InputError(f"{name} was written to {path.name} and came back different.")


def is_same(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Say whether two tensors are the same to the bit; not-a-number equals itself here."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    return torch.equal(one.reshape(-1).view(torch.uint8), other.reshape(-1).view(torch.uint8))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
