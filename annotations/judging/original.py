"""The published prompts, once their files have been imported: the original protocol."""

from annotations.store import Store
from backend.errors import NotFound
from backend.judge.protocols import PromptText, Protocol, Reviewer, make_original


def read_original(store: Store) -> Protocol:
    """Return the protocol of the prompts and reviewers that were imported.

    Errors: NotFound that says which files to import.
    """
    with store.snapshot():
        prompts = store.rows("SELECT name, system, template, rubric FROM judge_prompt")
        reviewers = store.rows(
            "SELECT name, prompt, category, temperature, max_tokens FROM judge_reviewer"
        )
    needed = {"prompt": prompts, "reviewer": reviewers}
    missing = [name for name, rows in needed.items() if not rows]
    if missing:
        raise NotFound(
            f"The original protocol needs {' and '.join(f'{name}.jsonl' for name in missing)} of "
            "FastChat. Import what you have, or fetch it: import "
            f"{' '.join(f'--download {name}@vicuna_80' for name in missing)}"
        )
    return make_original(
        [PromptText(**dict(row)) for row in prompts],
        [Reviewer(**dict(row)) for row in reviewers],
    )
