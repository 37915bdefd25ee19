"""What `study show` prints: what a study is, how far it has come, and what comes next."""

from math import ceil
from shlex import quote

from annotations.store import Store
from annotations.studies import Progress, count_progress, list_comparisons
from backend.records import Study
from ui.terminal import show_fields, tell_next
from ui.wording import hash_wording


def show_study(store: Store, study: Study) -> None:
    """Print everything about a study, and what comes next."""
    progress = count_progress(store, study.study_id)
    comparisons = list_comparisons(store, study.study_id)
    show_fields([
        ("Study", study.name),
        ("Title", study.title),
        ("Status", study.status),
        ("Benchmark", study.benchmark),
        ("Systems", ", ".join(study.systems)),
        ("Comparisons", "; ".join(f"{one.a} - {one.b}" for one in comparisons)),
        ("Pairs", f"{progress.n_pairs:,}, {study.votes_per_pair} votes each"),
        ("Saved", show_saved(progress)),
        ("Annotators", show_people(study, progress)),
        ("Enrolment", f"by {study.enrolment}"),
        ("Kept for", f"{study.lease_s // 60} min a pair"),
        ("Seed", study.seed),
        ("Wording", f"{study.wording_sha256}{warn_of_wording(study)}"),
        ("Created", study.created_at),
    ])  # fmt: skip
    tell_next(*suggest(study, progress))


def show_saved(progress: Progress) -> str:
    """Return how many ballots there are, and what else happened to pairs."""
    share = progress.n_saved / progress.n_wanted if progress.n_wanted else 0
    parts = [f"{progress.n_saved:,} of {progress.n_wanted:,} ballots ({share:.0%})"]
    others = (
        (progress.n_surplus, "surplus"),
        (progress.n_leased, "open on a screen now"),
        (progress.n_skipped, "set aside"),
        (progress.n_outside, "votes from elsewhere"),
    )
    return ", ".join(parts + [f"{n:,} {what}" for n, what in others if n])


def show_people(study: Study, progress: Progress) -> str:
    """Return how many people take part, and how many it takes."""
    needed = ceil(progress.n_wanted / max(1, min(study.quota, progress.n_pairs)))
    needed = max(needed, study.votes_per_pair)
    return (
        f"{progress.n_annotators:,}, {progress.n_finished:,} of them finished; "
        f"{needed:,} are needed with a quota of {study.quota}"
    )


def warn_of_wording(study: Study) -> str:
    """Return a warning when annotators now read other words than when the study was made."""
    return "" if study.wording_sha256 == hash_wording() else " (the words were changed since)"


def suggest(study: Study, progress: Progress) -> list[str]:
    """Return what to do next with a study."""
    name = quote(study.name)
    export = f"export tallies --study {name} --out {name}.csv"
    figure = f"figures 3 --study {name} --out DIR --format svg,csv"
    if study.status in ("draft", "paused"):
        return [f"study open {name}"]
    if study.status == "closed" or progress.n_saved >= progress.n_wanted:
        return [export, figure]
    return [f"study link {name}", export]
