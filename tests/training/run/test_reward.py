"""A tiny OPT reward model on planted preferences: its loss, its scores, and what it is good for."""

import asyncio
import json
import math
import statistics
from dataclasses import replace
from itertools import combinations
from random import Random

import httpx
import pytest
import torch
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer, OPTConfig, OPTForCausalLM

from annotations.library import find_answers
from backend.errors import InputError
from backend.records import Item
from backend.scoring import Marks, build_scoring, read_scores
from backend.worker.options import read_options
from backend.worker.routes import build_app
from backend.worker.server import House
from tests.interpreters import REWARD, Models, add_questions, rank
from tests.training.planted import count_kind, make_answer, make_question, plant_pairs
from tests.training.quick import encode, list_texts, make_job, make_parts, make_recipe
from training.data import read_pairs
from training.recipe import Lora
from training.run.formula import measure_pairs, rate_loss
from training.run.reward import build_trainer, choose_pad, measure_reward, run
from training.run.splitting import choose_held_out
from training.run.tiny import make_base

pytestmark = [
    pytest.mark.slow,
    # peft asks transformers by an old name
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]

RECIPE = make_recipe("reward", learning_rate=5e-3)
N_HELD_OUT = 32  # items, of three pairs each
PAIRS = plant_pairs(240)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return make_base(RECIPE, list_texts(PAIRS), tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def trained(base, tmp_path_factory):
    """A trainer that has been through all epochs."""
    words = {"num_train_epochs": 4, "warmup_steps": 10}
    parts = make_parts(base, tmp_path_factory.mktemp("out"), PAIRS, RECIPE, N_HELD_OUT, **words)
    trainer = build_trainer(parts)
    trainer.train()
    return trainer


def score_alone(model, ids):
    """The head's number at the very last token, with no padding anywhere."""
    with torch.no_grad():
        hidden = model.base_model(input_ids=torch.tensor([ids])).last_hidden_state
        return float(model.score(hidden[0, -1]))


def list_scores(model, rows):
    model.eval()
    return [
        [score_alone(model, row[column]) for row in rows]
        for column in ("chosen_ids", "rejected_ids")
    ]


def rate_batch(trainer, rows):
    """What TRL says of one batch."""
    trainer.model.eval()
    with torch.no_grad():
        return float(trainer.compute_loss(trainer.model, trainer.data_collator(rows)))


def test_loss_of_a_batch_is_the_formula_by_hand(base, trained):
    _, rows = encode(base, plant_pairs(3, seed=7), RECIPE)
    chosen, rejected = list_scores(trained.model, rows)
    by_hand = sum(
        -math.log(1 / (1 + math.exp(low - high)))
        for high, low in zip(chosen, rejected, strict=True)
    ) / len(rows)
    assert len({len(row["chosen_ids"]) for row in rows}) > 1  # there is padding
    assert rate_batch(trained, rows) == pytest.approx(by_hand, abs=1e-5)
    assert rate_loss(chosen, rejected) == pytest.approx(by_hand, abs=1e-9)


def test_loss_is_over_all_two_answers_of_a_prompt(base, trained, tmp_path):
    """Scores of 9, 7 and 4 make three pairs; a tie and a score of 0 make none."""
    answers = ["kindly river stone", "please bread", "thanks welcome cloud music"]
    scored = [
        {"response": text, "source": "x", "score": score}
        for text, score in zip(answers, (7, 9, 4), strict=True)
    ]
    failed = [scored[0], {**scored[1], "score": 7}, {**scored[2], "score": 0}]
    path = tmp_path / "comparisons.json"
    rows = [
        {"user_input": "Say something.", "responses_and_scores": scored},
        {"user_input": "Say something else.", "responses_and_scores": failed},
    ]
    path.write_text(json.dumps(rows))
    found = read_pairs(path, "comparison")
    assert (len(found.pairs), found.n_ties, found.n_out_of_range) == (3, 1, 2)
    _, rows = encode(base, found.pairs, RECIPE)
    of_text = {
        text: score_alone(trained.model.eval(), row[column])
        for pair, row in zip(found.pairs, rows, strict=True)
        for text, column in ((pair.chosen, "chosen_ids"), (pair.rejected, "rejected_ids"))
    }
    ordered = [of_text[answers[place]] for place in (1, 0, 2)]
    by_hand = [math.log1p(math.exp(low - high)) for high, low in combinations(ordered, 2)]
    assert rate_batch(trained, rows) == pytest.approx(sum(by_hand) / 3, abs=1e-5)


def test_chance_leaves_nothing_out_while_it_trains(base, trained):
    """OPT's rates of dropout are 0.1 where nobody switches them off."""
    _, rows = encode(base, plant_pairs(3, seed=7), RECIPE)
    still = rate_batch(trained, rows)
    trained.model.train()
    told = trained.compute_loss(trained.model, trained.data_collator(rows))
    assert told.item() == pytest.approx(still, abs=1e-6)


def test_the_end_mark_must_not_pad(base, trained):
    """The control: padded with its own end mark, an answer is scored one token too early."""
    _, rows = encode(base, plant_pairs(3, seed=7), RECIPE)
    right = rate_batch(trained, rows)
    config, pad = trained.model.config, trained.data_collator.pad_token_id
    try:
        config.pad_token_id = trained.data_collator.pad_token_id = config.eos_token_id
        assert rate_batch(trained, rows) != pytest.approx(right, abs=1e-3)
    finally:
        config.pad_token_id = trained.data_collator.pad_token_id = pad


def test_a_tokenizer_that_pads_with_its_end_mark_gets_another(base):
    tokenizer = AutoTokenizer.from_pretrained(base)
    end = tokenizer.eos_token_id
    assert choose_pad(tokenizer, {end}) == "<pad>"
    tokenizer.pad_token = "</s>"
    assert choose_pad(tokenizer, {end}) == "<unk>"
    with pytest.raises(InputError, match="pad_token of its own"):
        choose_pad(tokenizer, set(range(len(tokenizer))))


def test_a_margin_in_the_data_does_not_change_the_loss(base, tmp_path):
    parts = make_parts(base, tmp_path, PAIRS, RECIPE, 0)
    rows = [row | {"margin": 3.0} for row in parts.rows]
    trainer = build_trainer(replace(parts, rows=rows))
    assert set(trainer.train_dataset.column_names) == {"chosen_ids", "rejected_ids"}


def test_planted_preferences_are_found_on_held_out_items(trained):
    told = measure_reward(trained)["held_out"]
    assert told["n_pairs"] == 3 * N_HELD_OUT
    assert told["accuracy"] > 0.9
    assert told["chosen_deciles"][5] > told["rejected_deciles"][5]


def test_what_is_measured_is_each_pair_once_in_its_order(trained):
    told = measure_reward(trained)["held_out"]
    chosen, rejected = list_scores(trained.model, trained.eval_dataset)
    hits = [high > low for high, low in zip(chosen, rejected, strict=True)]
    assert told["accuracy"] == pytest.approx(statistics.mean(hits))
    assert told["chosen_deciles"][10] == pytest.approx(max(chosen), abs=1e-4)
    assert told["loss"] == pytest.approx(rate_loss(chosen, rejected), abs=1e-4)


def test_nothing_held_out_measures_nothing(base, tmp_path):
    trainer = build_trainer(make_parts(base, tmp_path, PAIRS, RECIPE, 0, eval_strategy="epoch"))
    assert measure_reward(trainer) == {"held_out": {"n_pairs": 0}}


class Worker:
    """A checkpoint behind the worker's own routes, in this process."""

    def __init__(self, folder):
        words = ["--model", str(folder), "--template", "alpaca", "--device", "cpu"]
        self.house = House(read_options(words, {}))

    async def score(self, question, answers):
        closing = asyncio.get_running_loop().create_future()
        transport = httpx.ASGITransport(build_app(self.house.make_desk(closing)))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            told = await client.post("/score", json=build_scoring(question, answers))
        return read_scores(told.json(), len(answers), None)

    async def score_pairs(self, pairs):
        told = [await self.score(pair.prompt[0], [pair.chosen, pair.rejected]) for pair in pairs]
        return zip(*told, strict=True)


@pytest.fixture
def serve():
    """Start workers in this process, and close them."""
    workers = []

    def start(folder):
        workers.append(Worker(folder))
        return workers[-1]

    yield start
    for worker in workers:
        worker.house.close()


@pytest.fixture(scope="module")
def checkpoint(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint")
    trained.save_model(folder)
    return folder


def test_the_worker_gives_the_same_scores(base, trained, serve, checkpoint):
    pairs = plant_pairs(4, seed=11)
    _, rows = encode(base, pairs, RECIPE)
    chosen, rejected = list_scores(trained.model, rows)
    told = asyncio.run(serve(checkpoint).score_pairs(pairs))
    assert [list(scores) for scores in told] == [
        pytest.approx(chosen, abs=1e-5),
        pytest.approx(rejected, abs=1e-5),
    ]


class Scored(Models):
    """The switchboard of one model: the worker's."""

    def __init__(self, worker):
        super().__init__(card=REWARD)
        self.worker = worker

    async def score(self, question, answers, *, template=""):
        return Marks(await self.worker.score(question, answers))


def rank_kindness(store, worker, n_items=24):
    """Rank five samples of each new question; return how kind each rank is in all, and the most.

    Place 0 is the plain decoding: the first sample.
    """
    rng = Random(5)
    items = [Item(f"q{place}", make_question(rng)) for place in range(n_items)]
    samples = [[make_answer(rng, rng.randrange(4)) for _ in range(5)] for _ in items]
    add_questions(store, items, {"alpaca": samples})
    assert rank(store, Scored(worker)).outcomes == {"ok": 5 * n_items}
    names = ["alpaca", *(f"alpaca R{place}" for place in range(1, 6))]
    told = [find_answers(store, "quiz", name).values() for name in names]
    kindness = [sum(count_kind(one.text) for one in answers) for answers in told]
    return kindness, sum(max(map(count_kind, five)) for five in samples)


def test_best_of_five_by_it_beats_plain_decoding(store, serve, checkpoint):
    kindness, most = rank_kindness(store, serve(checkpoint))
    plain, *ranks = kindness
    assert most >= ranks[0] > 0.95 * most
    assert ranks[0] > 1.3 * plain > 1.3 * ranks[4]


def test_best_of_five_by_an_untrained_one_does_not(store, serve, base):
    """The control: what has learned nothing finds nothing."""
    kindness, most = rank_kindness(store, serve(base))
    assert kindness[1] < 0.8 * most


@pytest.mark.parametrize("lora", [None, Lora(rank=4)], ids=["whole", "adapter"])
def test_a_job_ends_as_a_checkpoint_whose_numbers_the_worker_finds_again(tmp_path, serve, lora):
    recipe = make_recipe("reward", max_steps=6, lora=lora)
    folder = run(make_job(tmp_path, recipe), recipe)
    facts = json.loads((folder / "model.json").read_text())
    assert (facts["role"], facts["metrics"]["held_out"]["n_pairs"]) == ("reward", 36)
    held = choose_held_out([pair.item for pair in PAIRS[:180]], 0.2, recipe.seed)
    pairs = [pair for pair in PAIRS[:180] if pair.item in held]
    chosen, rejected = asyncio.run(serve(folder).score_pairs(pairs))
    for key, value in measure_pairs(chosen, rejected).items():
        assert facts["metrics"]["held_out"][key] == pytest.approx(value, abs=1e-4)


def test_a_causal_checkpoint_is_taken_with_its_weights(base, tmp_path):
    config = OPTConfig.from_pretrained(base, num_labels=2, architectures=None)
    torch.manual_seed(3)
    OPTForCausalLM(config).save_pretrained(tmp_path / "opt")
    AutoTokenizer.from_pretrained(base).save_pretrained(tmp_path / "opt")
    trainer = build_trainer(make_parts(tmp_path / "opt", tmp_path / "out", PAIRS[:9], RECIPE, 0))
    own = AutoModelForCausalLM.from_pretrained(tmp_path / "opt").model.state_dict()
    told = trainer.model.model.state_dict()
    assert trainer.model.score.out_features == 1
    assert all(torch.equal(own[name], one) for name, one in told.items())


def test_an_adapter_trains_the_number_at_the_end_too(base, tmp_path):
    adapter = LoraConfig(r=4, target_modules="all-linear", task_type="SEQ_CLS")
    parts = make_parts(base, tmp_path, PAIRS[:48], RECIPE, 0, max_steps=2)
    trainer = build_trainer(replace(parts, adapter=adapter))
    before = trainer.model.base_model.model.score.original_module.weight.clone()
    trainer.train()
    merged = trainer.model.merge_and_unload()
    assert not torch.equal(merged.score.weight, before)
