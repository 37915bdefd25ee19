"""A job's files, read as one."""

import json

import pytest

from backend.dialogue import Message
from backend.errors import InputError
from training.jobs import create_job
from training.orders import Order
from training.recipe import Recipe, Tiny
from training.run.reading import complete_tokenizer, list_texts, read_data, read_spoken

RECIPE = Recipe(name="r", title="R", kind="sft", tiny=Tiny())
ALPACA = [
    {"instruction": "Q1", "input": "I1", "output": "A1"},
    {"instruction": "Q2", "output": "A2"},
]
CHAT = [{"conversations": [{"from": "human", "value": "Q3"}, {"from": "gpt", "value": "A3"}]}]


def order(tmp_path, *files):
    paths = []
    for n, rows in enumerate(files):
        paths.append(tmp_path / f"{n}.json")
        paths[-1].write_text(json.dumps(rows), "utf-8")
    return create_job(tmp_path / "data", Order("", "r"), RECIPE, paths, shelf="looks")


def test_lines_go_on_through_files_of_different_shapes(tmp_path):
    rows = read_data(order(tmp_path, ALPACA, CHAT, ALPACA), RECIPE)
    assert [example.line for example in rows.examples] == [1, 2, 3, 4, 5]
    assert rows.examples[2].messages == (Message("user", "Q3"), Message("assistant", "A3"))


def test_only_the_first_rows_are_kept_when_asked(tmp_path):
    recipe = RECIPE.model_copy(update={"max_rows": 3})
    rows = read_data(order(tmp_path, ALPACA, CHAT, ALPACA), recipe)
    assert (len(rows.examples), rows.n_rows) == (3, 3)


def test_what_was_skipped_behind_the_first_rows_is_not_counted(tmp_path):
    asked = {"conversations": [{"from": "human", "value": "Q?"}]}
    rows = read_data(
        order(tmp_path, [asked, *CHAT, asked, asked]), RECIPE.model_copy(update={"max_rows": 2})
    )
    assert (len(rows.examples), rows.n_rows, rows.skipped.total()) == (1, 2, 1)


def test_every_text_is_there_to_learn_words_from(tmp_path):
    rows = read_data(order(tmp_path, ALPACA), RECIPE)
    assert list(list_texts(rows)) == ["Q1", "I1", "A1", "Q2", "A2"]


@pytest.mark.parametrize(
    ("kind", "base", "spoken"),
    [
        ("sft", "taught", "vicuna_v1.1"),  # a checkpoint
        ("sft", "llama-7b", ""),  # only pretrained
        ("preference", "alpaca-7b", "alpaca"),
        ("preference", "nobody", ""),
    ],
)
def test_the_template_of_a_base_that_answers_is_known(tmp_path, kind, base, spoken):
    folder = tmp_path / "data/checkpoints/taught"
    folder.mkdir(parents=True)
    told = {"kind": "local", "name": "taught", "template": "vicuna_v1.1"}
    (folder / "model.json").write_text(json.dumps(told), "utf-8")
    recipe = RECIPE.model_copy(update={"kind": kind, "base": base, "tiny": None})
    assert read_spoken(order(tmp_path, ALPACA), recipe) == spoken


def test_a_fault_names_the_file(tmp_path):
    job = order(tmp_path, ALPACA, [*ALPACA, {"instruction": "Q", "output": 5}])
    with pytest.raises(InputError, match=r"1\.json: "):
        read_data(job, RECIPE)


class Tokenizer:
    """As much of one as is asked for its names."""

    def __init__(self, words, **names):
        self.words = words
        named = {"unk_token": None, "bos_token": None, "eos_token": None, "pad_token": None}
        self.__dict__ |= named | names

    def get_vocab(self):
        return {word: n for n, word in enumerate(self.words)}


def test_names_that_llamas_first_folders_leave_empty_are_filled_in(tmp_path):
    tokenizer = complete_tokenizer(Tokenizer(["<unk>", "<s>", "</s>"], eos_token=""), tmp_path)
    assert (tokenizer.bos_token, tokenizer.eos_token, tokenizer.pad_token) == (
        "<s>",
        "</s>",
        "<unk>",
    )


def test_names_that_are_there_stay(tmp_path):
    told = Tokenizer(["</s>", "<end>"], eos_token="<end>", pad_token="<pad>")
    tokenizer = complete_tokenizer(told, tmp_path)
    assert (tokenizer.eos_token, tokenizer.pad_token) == ("<end>", "<pad>")


def test_a_tokenizer_that_can_not_end_an_answer_is_refused(tmp_path):
    with pytest.raises(InputError, match="no end token"):
        complete_tokenizer(Tokenizer(["a"]), tmp_path)


@pytest.mark.parametrize("how", ["bytes", "link"])
def test_data_that_was_changed_since_is_refused(tmp_path, how):
    job = order(tmp_path, ALPACA)
    (path,) = (job.folder / "data").iterdir()
    assert len(read_data(job, RECIPE).examples) == 2
    path.unlink()
    if how == "link":
        path.symlink_to(tmp_path / "0.json")
    else:
        path.write_text(json.dumps(ALPACA[:1]))
    with pytest.raises(InputError, match="not what was ordered"):
        read_data(job, RECIPE)
