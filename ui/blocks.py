"""A Gradio site that tells a value nobody can choose from a fault of ours.

Gradio answers 500 to both. Here a wrong value, or an act that is refused, marks the request, so
that the guard answers 422 or 403; everything else is a fault: it is logged, and stays a 500.
"""

import logging
from html import escape
from typing import Any, Literal

import gradio as gr
from gradio.queueing import Queue

from backend.errors import CamelidError

OUTCOME = "camelid.outcome"  # where the guard and a site meet in a request's scope
WRONG_VALUE = "A value on the page can't be taken. Reload the page."
FAULT = "Something went wrong here, and nothing was saved. The app's log says what."

LOG = logging.getLogger("camelid")


class WrongValue(gr.Error):
    """A component was sent a value that it can't have."""


class Site(gr.Blocks):
    """One site: a Blocks whose answers say whose fault it was."""

    def queue(
        self,
        status_update_rate: float | Literal["auto"] = "auto",
        api_open: bool | None = None,
        max_size: int | None = None,
        *,
        default_concurrency_limit: int | Literal["not_set"] | None = "not_set",
    ) -> "Site":
        """Set how events wait for their turn.

        Gradio builds its whole web app anew each time that it is told; mounting builds one anyway.
        """
        self.api_open = self.api_open if api_open is None else api_open
        self._queue = Queue(
            live_updates=status_update_rate == "auto",
            concurrency_count=self.max_threads,
            update_intervals=1 if status_update_rate == "auto" else status_update_rate,
            max_size=max_size,
            blocks=self,
            default_concurrency_limit=default_concurrency_limit,
        )
        return self

    async def preprocess_data(self, *args: Any, **how: Any) -> list[Any]:  # noqa: ANN401
        """Read the values of an event's components.

        Errors: WrongValue; its text says nothing of what was sent.
        """
        try:
            return await super().preprocess_data(*args, **how)
        except Exception as error:
            LOG.debug("A value was refused.", exc_info=error)
            raise WrongValue(WRONG_VALUE, print_exception=False) from error

    async def process_api(self, *args: Any, **how: Any) -> dict[str, Any]:  # noqa: ANN401
        """Run one event.

        Errors: gr.Error with words for whoever sent it.
        """
        try:
            return await super().process_api(*args, **how)
        except WrongValue:
            mark_outcome(how.get("request"), 422)
            raise
        except gr.Error:
            mark_outcome(how.get("request"), 403)
            raise
        except CamelidError as error:
            mark_outcome(how.get("request"), 403)
            raise gr.Error(escape(str(error)), print_exception=False) from None
        except Exception:
            LOG.exception("An event failed.")
            raise gr.Error(FAULT, print_exception=False) from None


def mark_outcome(request: Any, status: int) -> None:  # noqa: ANN401
    """Note on a request what it is to be answered instead of 500."""
    http = getattr(request, "request", None)
    outcome = http.scope.get(OUTCOME) if http is not None else None
    if outcome is not None:
        outcome["status"] = status
