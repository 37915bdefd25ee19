"""The README can't say what is no longer so."""

import re
from pathlib import Path
from subprocess import run

import pytest
import typer

from app import program
from backend.settings import describe_settings

HOME = Path(__file__).parent.parent
README = (HOME / "README.md").read_text("utf-8")
ROOMS = ("ui", "annotations", "training", "backend", "docs", ".ci")
TOP = (
    "app.py",
    "bench",
    "tests",
    "CHANGELOG.md",
    "Dockerfile",
    "LICENSE",
    "README.md",
    "pyproject.toml",
)
NOT_SHOWN = {"__init__.py", "py.typed", "__pycache__"}


def find_block(start):
    """The fenced block under a comment."""
    return re.search(rf"<!-- {start}.*?-->\n```\w*\n(.*?)\n```", README, re.DOTALL)[1]


def find_commands():
    """Every command that the README shows, as words after `python app.py`."""
    shown = re.findall(r"python app\.py +([^\n`]*)", README)
    table = README.split("## Commands")[1].split("##")[0]
    listed = [cell for row in re.findall(r"^\| (`.*?) \|", table, re.M) for cell in row.split(", ")]
    return [words.strip("`") for words in (*shown, *listed) if words.strip("`")]


def list_verbs():
    """Every verb of the program with the options that it takes."""
    commands = typer.main.get_command(program).commands
    for name, command in commands.items():
        inner = getattr(command, "commands", None)
        for verb, leaf in (inner or {"": command}).items():
            options = {word for o in leaf.params for word in (*o.opts, *o.secondary_opts)}
            yield f"{name} {verb}".strip(), options


VERBS = dict(list_verbs())


def find_verb(words):
    """The longest verb that the words start with."""
    fitting = [verb for verb in VERBS if f"{words} ".startswith(f"{verb} ")]
    return max(fitting, key=len, default=None)


@pytest.mark.parametrize("words", find_commands())
def test_a_command_that_is_shown_exists(words):
    verb = find_verb(words)
    assert verb is not None
    assert set(re.findall(r"--[a-z-]+", words)) <= VERBS[verb]


def test_every_command_is_shown():
    assert {find_verb(words) for words in find_commands()} == set(VERBS)


def test_settings_are_those_of_the_program():
    table = README.split("<!-- settings")[1].split("<!-- end of settings")[0]
    rows = re.findall(r"^\| `(CAMELID_\w+)` \| (.*?) \| (.*?) \|$", table, re.M)
    expected = [(n, f"`{d}`" if d else "none", what) for n, d, what in describe_settings()]
    assert rows == expected


def read_tree():
    """The paths in the README's file tree; folders end with a slash."""
    paths, parent = set(), ""
    for line in find_block("tree").splitlines():
        name = line.split()[0]
        parent = parent if line.startswith(" ") else name
        paths.add(name if parent == name else parent + name)
    return paths


def walk_tree():
    """The paths that the README's file tree should have."""
    for name in (*TOP, *ROOMS):
        yield f"{name}/" if (HOME / name).is_dir() else name
    for room in ROOMS:
        for path in (HOME / room).iterdir():
            if path.name not in NOT_SHOWN and not path.name.startswith("."):
                yield f"{room}/{path.name}" + "/" * path.is_dir()


def test_file_tree_is_the_real_one():
    assert read_tree() == set(walk_tree())


def test_nothing_else_is_in_the_checkout():
    if not (HOME / ".git").exists():
        pytest.skip("this is no checkout")
    words = ["git", "ls-files"]
    listed = run(words, cwd=HOME, capture_output=True, text=True, check=True).stdout.split("\n")
    top = {path.split("/")[0] for path in listed if path}
    assert top <= {*TOP, *ROOMS, ".gitignore"}


def test_every_entry_of_the_tree_says_what_it_is():
    assert all(len(line.split()) > 1 for line in find_block("tree").splitlines())


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_a_link_leads_somewhere(link):
    assert (HOME / link).is_file()


def test_gate_runs_the_test_command_of_the_readme():
    script = (HOME / ".ci" / "run").read_text()
    wanted = re.search(r"sed -n '(.*?)' README\.md", script)[1]
    words = ["sed", "-n", wanted, "README.md"]
    found = run(words, cwd=HOME, capture_output=True, text=True, check=True).stdout.strip()
    assert found == find_block("the test command")
    assert found.endswith("python -m pytest")
