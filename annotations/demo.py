"""The demo study: what a first start shows, from data that this project wrote itself."""

from pathlib import Path

import backend
from annotations.imports import import_file
from annotations.library import list_benchmarks
from annotations.store import Store
from annotations.studies import Plan, create_study, list_studies, set_status
from backend.records import Study

FOLDER = Path(backend.__file__).parent / "demo"
ACTOR = "demo"
BENCHMARK = "demo"
SYSTEMS = ("llama-gpt4-demo", "alpaca-demo")


def load_demo(store: Store, wording_sha256: str, lease_s: int = 1800) -> Study | None:
    """Put the demo study into an empty ledger and open it.

    Edge: None, and nothing is changed, when there is a study or another benchmark already; a load
    that was cut short goes on where it stopped.
    """
    if list_studies(store) or {one.name for one in list_benchmarks(store)} - {BENCHMARK}:
        return None
    import_file(store, FOLDER / "instructions.jsonl", name=BENCHMARK, actor=ACTOR)
    for system in SYSTEMS:
        path = FOLDER / f"{system}.jsonl"
        import_file(store, path, model=system, benchmark=BENCHMARK, actor=ACTOR)
    plan = Plan(
        name="demo",
        benchmark=BENCHMARK,
        systems=SYSTEMS,
        votes_per_pair=3,
        quota=10,
        seed="demo",
        title="Demo: everyday tasks",
        lease_s=lease_s,
    )
    create_study(store, plan, wording_sha256, ACTOR)
    return set_status(store, plan.name, "open", ACTOR)
