"""What FastChat told its judges: prompt.jsonl, reviewer.jsonl, and the list of models beside."""

from annotations.readers.fields import Row
from annotations.readers.shapes import Format, ModelRow, PromptRow, ReviewerRow
from backend.judge.protocols import PromptText, Reviewer

NAMES = ("{question}", "{answer_1}", "{answer_2}", "{prompt}")


def read_prompt(row: Row) -> list[PromptRow]:
    """Return the prompt of one row."""
    defaults = Row(row.line, row.check_object(row.take("defaults"), "defaults"))
    template = row.prose("prompt_template")
    missing = [name for name in NAMES if name not in template]
    if missing:
        row.refuse(f"'prompt_template' lacks {', '.join(missing)}.")
    prompt = PromptText(
        name=row.name("prompt_id"),
        system=row.text("system_prompt"),
        template=template,
        rubric=defaults.prose("prompt"),
    )
    return [PromptRow(row.line, prompt)]


def read_reviewer(row: Row) -> list[ReviewerRow]:
    """Return the reviewer of one row."""
    settings = Row(row.line, row.check_object(row.take("metadata"), "metadata"))
    max_tokens, temperature = settings.whole("max_tokens", 0), settings.number("temperature")
    if not max_tokens:
        row.refuse("'max_tokens' is missing or 0.")
    if not 0 <= temperature <= 2:
        row.refuse(f"'temperature' is {temperature:g}; it can be 0 to 2.")
    reviewer = Reviewer(
        name=row.name("reviewer_id"),
        prompt=row.name("prompt_id"),
        category=row.name("category"),
        temperature=temperature,
        max_tokens=max_tokens,
    )
    return [ReviewerRow(row.line, reviewer)]


def read_model(row: Row) -> list[ModelRow]:
    """Return the name of one model."""
    return [ModelRow(row.line, row.name("model_id"))]


PROMPTS = Format(
    name="prompts of FastChat's judge",
    kind="prompts",
    keys=("prompt_id", "system_prompt", "prompt_template", "defaults"),
    known=("description", "category"),
    read=read_prompt,
)
REVIEWERS = Format(
    name="reviewers of FastChat",
    kind="reviewers",
    keys=("reviewer_id", "prompt_id", "metadata"),
    known=("category", "description"),
    read=read_reviewer,
)
MODELS = Format(
    name="FastChat's list of models",
    kind="models",
    keys=("model_id", "model_name", "model_version"),
    known=("model_metadata",),
    read=read_model,
)
