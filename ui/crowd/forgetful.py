"""A Gradio site that remembers nothing about its visitors; the ledger does.

For each component that an event changes, Gradio builds a new one and its whole configuration, and
keeps both for the session: that is most of what an event costs, and megabytes for many visitors.
The annotators' page needs none of it. What it shows follows from the ledger, and what may be chosen
is the same for everybody.
"""

from typing import Any

from gradio.block_function import BlockFunction
from gradio.blocks import Block
from gradio.state_holder import SessionState, StateHolder
from gradio.utils import is_prop_update

from ui.blocks import Site


class OneMemory(StateHolder):
    """What Gradio keeps for a visitor: for all of them the same, the page as it was built."""

    def __getitem__(self, session_id: str) -> SessionState:
        """Return what all share."""
        return super().__getitem__("")

    def __contains__(self, session_id: str) -> bool:
        """Say whether it is there yet."""
        return super().__contains__("")


class Forgetful(Site):
    """A site whose events are answered, and forgotten."""

    def forget_visitors(self) -> None:
        """Let all visitors share one memory; to be called once the site is mounted."""
        self.app.state_holder = OneMemory()
        self.app.state_holder.set_blocks(self)

    async def postprocess_data(
        self,
        block_fn: BlockFunction,
        predictions: list[Any] | dict[Any, Any],
        state: SessionState | None,
    ) -> list[Any]:
        """Return what the page is sent: `predictions` has a value or update for each component."""
        pairs = zip(block_fn.outputs, predictions, strict=True)
        return [prepare_value(block, value) for block, value in pairs]


def prepare_value(block: Block, value: Any) -> Any:  # noqa: ANN401
    """Return a value, or an update of a component, as its component sends it."""
    if not is_prop_update(value):
        return block.postprocess(value)
    if "value" not in value:
        return value
    return {**value, "value": block.postprocess(value["value"])}
