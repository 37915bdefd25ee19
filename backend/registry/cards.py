"""Model cards: what a model is called, where it is, and how it has to be asked."""

import json
import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from backend.records import hash_text

# Words about a model, and what it costs whom: no answer is another for it.
NOT_HEARD = frozenset(
    {"title", "note", "needs", "source", "key_env"}
    | {"price_input_usd", "price_output_usd", "daily_cap_usd", "structured"}
)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Common(BaseModel):
    """What every card says. `needs` is what a user has to bring before it can run."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = Field(pattern=f"^{NAME.pattern}$")
    title: str = ""
    note: str = ""
    needs: str = ""
    source: str = ""

    @property
    def label(self) -> str:
        """Return the name that people read."""
        return self.title or self.name

    @property
    def sha256(self) -> str:
        """Return the hash of all that can change an answer; words and money can't."""
        told = self.model_dump(mode="json", exclude=set(NOT_HEARD))
        return hash_text(json.dumps(told, sort_keys=True, ensure_ascii=False))


class LocalCard(Common):
    """Weights on this machine, served by a worker.

    Units: `context` in tokens; 0 takes the model's own.
    Edge: an empty `template` means the tokenizer's own; `path` is absolute, or below the data
    folder, and empty as long as `repo` has not been fetched.
    """

    kind: Literal["local"] = "local"
    path: str = ""
    repo: str = ""
    revision: str = ""
    template: str = ""
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = "auto"
    device: str = Field(default="auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$")
    quantisation: Literal["none", "8bit", "4bit"] = "none"
    context: int = Field(default=0, ge=0)
    role: Literal["chat", "reward"] = "chat"


class OpenAICard(Common):
    """A model behind any server that speaks OpenAI's protocol.

    Units: prices in US dollars a million tokens, None where unknown; `daily_cap_usd` a UTC day.
    Edge: a `structured` model keeps to a JSON schema, so that a judge is asked for one.
    """

    kind: Literal["openai"] = "openai"
    base_url: str = Field(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$")
    model: str = Field(min_length=1)
    key_env: str = Field(default="", pattern=r"^([A-Z][A-Z0-9_]{0,63})?$")
    price_input_usd: float | None = Field(default=None, ge=0)
    price_output_usd: float | None = Field(default=None, ge=0)
    daily_cap_usd: float = Field(default=0, ge=0)
    context: int = Field(default=0, ge=0)
    structured: bool = False


class RecordedCard(Common):
    """A system whose answers are in the ledger and that can't be asked anything new."""

    kind: Literal["recorded"] = "recorded"
    system: str = Field(min_length=1)


Card = Annotated[LocalCard | OpenAICard | RecordedCard, Field(discriminator="kind")]
CARD: TypeAdapter[LocalCard | OpenAICard | RecordedCard] = TypeAdapter(Card)
