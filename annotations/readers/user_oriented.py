"""The shape of the 252 user-oriented instructions: an instruction with one instance."""

from annotations.readers.fields import Row
from annotations.readers.shapes import Format, ItemRow
from backend.records import Item


def read_item(row: Row) -> list[ItemRow]:
    """Return the item of one row."""
    instances = row.rows("instances")
    if len(instances) != 1:
        row.refuse(f"'instances' has {len(instances)} instances; exactly one can be taken.")
    item = Item(
        item_id=row.name("id"),
        instruction=row.prose("instruction"),
        input=instances[0].text("input", ""),
        reference=instances[0].text("output", ""),
        app=row.text("motivation_app", ""),
        lang=row.text("lang", "en"),
    )
    return [ItemRow(row.line, item)]


FORMAT = Format(
    name="user-oriented instructions",
    kind="items",
    keys=("id", "instruction", "instances"),
    known=("motivation_app", "lang"),
    read=read_item,
)
