"""The other machines of a job run their own share of the same command."""

import pytest
import yaml

from backend.errors import InputError
from tests.jobs import GPUS, make_job, make_recipe
from training.nodes import main, plan_share
from training.orders import Order


@pytest.fixture
def job(tmp_path):
    recipe = make_recipe(tiny=None, base="llama-7b")
    order = Order("model", recipe.name, n_machines=2, main_ip="10.0.0.1", main_port=29501)
    return make_job(tmp_path, order, recipe)


def test_other_machine_has_its_own_rank_and_the_same_words(job):
    words, environment = plan_share(job.folder, 1, GPUS, {"PATH": "/bin", "HF_TOKEN": "secret"})
    config = yaml.safe_load((job.folder / "accelerate-1.yaml").read_text())
    assert (config["machine_rank"], config["num_processes"], config["main_process_ip"]) == (
        1, 8, "10.0.0.1",
    )  # fmt: skip
    assert words[-4:] == ["-m", "training.run", "train", str(job.folder)]
    assert "secret" not in environment.values()


@pytest.mark.parametrize(("rank", "words"), [(0, "by itself"), (2, "ranks 0 to 1"), (-1, "itself")])
def test_rank_of_another_is_refused(job, rank, words):
    with pytest.raises(InputError, match=words):
        plan_share(job.folder, rank, GPUS, {})


def test_wrong_rank_is_said(job, capsys):
    assert main([str(job.folder), "--rank", "7"]) == 1
    assert "rank 7" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["", "; touch x", "--help", "a b"])
def test_machines_need_an_address_to_meet_at(tmp_path, address):
    with pytest.raises(InputError, match="machines can meet"):
        make_job(tmp_path, Order("model", "stand-in", n_machines=2, main_ip=address))
