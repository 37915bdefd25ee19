"""One of several machines that train a job together, but for the first.

    python -P -m training.nodes JOBDIR --rank 1

The first machine runs the job under its supervisor, as ever; it waits for the others. They need
the data folder at the same path, and the same version of everything.
"""

import argparse
import os
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path

from backend.errors import CamelidError, InputError
from backend.keyring import Keyring
from training.devices import Machine, join_nodes, read_machine
from training.jobs import RECIPE, read_job
from training.launch import build_command, build_environment, write_config
from training.recipes import open_recipe


def plan_share(
    folder: Path, rank: int, machine: Machine, environ: MutableMapping[str, str]
) -> tuple[list[str], Mapping[str, str]]:
    """Return the words and the environment of a machine's share; its configuration is written.

    Errors: InputError for a rank that is another's.
    """
    job = read_job(folder)
    if rank < 1:
        raise InputError("Rank 0 is the machine that the job was ordered on; it runs by itself.")
    recipe = open_recipe(job.folder / RECIPE)
    machine = join_nodes(machine, job.order, rank)
    write_config(job, recipe, machine)
    environment = Keyring(environ).child_environment(build_environment(job, recipe, machine))
    return build_command(job, machine), environment


def main(words: Sequence[str]) -> int:
    """Become the launcher of this machine's share."""
    parser = argparse.ArgumentParser(prog="training.nodes", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rank", type=int, required=True)
    told = parser.parse_args(words)
    try:
        share, environment = plan_share(
            told.folder.resolve(), told.rank, read_machine(), os.environ
        )
    except (CamelidError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    os.execve(share[0], share, environment)  # noqa: S606 - a list of words of ours, no shell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
