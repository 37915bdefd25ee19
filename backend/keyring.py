"""Keys: taken out of the environment once, and never handed to a child process.

A key lives in a `SecretStr`, which shows stars to whoever prints, logs or pickles it by mistake.
"""

from collections.abc import Iterable, Mapping, MutableMapping

from pydantic import SecretStr

SECRET_ENDINGS = ("_KEY", "_TOKEN", "_SECRET", "_PASSWORD")
# What a child needs to find its programs, its language and its devices; everything else stays.
PASSED = frozenset({"PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH"})
PASSED_BEGINNINGS = ("LC_", "CUDA_", "NVIDIA_", "NCCL_", "OMP_", "MKL_", "OPENBLAS_", "PYTORCH_")
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}


class Keyring:
    """The keys that this process was started with, by the names of their variables."""

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        """Take every variable that is named like a secret out of `environ`."""
        self._environ = environ
        self._keys = {
            name: SecretStr(value.strip())
            for name in list(environ)
            if is_secret(name) and (value := environ.pop(name)).strip()
        }

    def __repr__(self) -> str:
        return f"Keyring({', '.join(sorted(self._keys)) or 'empty'})"

    def find(self, name: str) -> SecretStr | None:
        """Return the key that the variable of that name held, or None."""
        return self._keys.get(name)

    def has(self, name: str) -> bool:
        """Say whether there is a key of that name."""
        return name in self._keys

    def child_environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return what a child process may know: an allow-list, offline, and `extra` as it is."""
        return {**select_harmless(self._environ.items()), **OFFLINE, **(extra or {})}


def is_secret(name: str) -> bool:
    """Say whether a variable is named like a secret: `OPENAI_API_KEY`, `HF_TOKEN`, …"""
    return name.upper().endswith(SECRET_ENDINGS)


def select_harmless(variables: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the variables that a child process needs; none of them is named like a secret."""
    return {
        name: value
        for name, value in variables
        if (name in PASSED or name.startswith(PASSED_BEGINNINGS)) and not is_secret(name)
    }
