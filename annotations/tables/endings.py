"""What holds for every table of runs: a run ends once, and stays as it was started."""


def guard_run(table: str) -> tuple[str, str]:
    """Return the two triggers that let a run end once, and let nothing delete it."""
    return (
        f"""CREATE TRIGGER {table}_ends_once BEFORE UPDATE ON {table}
            WHEN OLD.state <> 'running' OR NEW.{table}_id <> OLD.{table}_id
                OR NEW.started_at <> OLD.started_at
            BEGIN SELECT RAISE(ABORT, 'a {table} ends once'); END""",
        f"""CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
            BEGIN SELECT RAISE(ABORT, '{table} rows are never deleted'); END""",
    )
