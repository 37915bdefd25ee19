"""The bytes that models were trained on, written out by hand."""

import pytest

from backend.dialogue import Message
from backend.errors import InputError
from backend.templates import Template, find_lead, list_templates, read_template, render
from backend.templates.rendering import compile_template, fill_template

ALPACA = (
    "Below is an instruction that describes a task. "
    "Write a response that appropriately completes the request."
)
ALPACA_INPUT = (
    "Below is an instruction that describes a task, paired with an input that provides further "
    "context. Write a response that appropriately completes the request."
)
VICUNA = (
    "A chat between a curious user and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the user's questions."
)
VICUNA_0 = (
    "A chat between a curious human and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the human's questions."
)


def say(*texts, system=None, input=""):
    """Return a conversation: user and assistant by turns; `input` goes with the first message."""
    roles = ("user", "assistant")
    turns = [Message(roles[n % 2], text, input if n == 0 else "") for n, text in enumerate(texts)]
    return [*([Message("system", system)] if system is not None else []), *turns]


GOLDEN = [
    ("alpaca", say("Q1"), f"<s>{ALPACA}\n\n### Instruction:\nQ1\n\n### Response:"),
    (
        "alpaca",
        say("Q1", input="I1"),
        f"<s>{ALPACA_INPUT}\n\n### Instruction:\nQ1\n\n### Input:\nI1\n\n### Response:",
    ),
    ("alpaca", say("Q1", system="S"), "<s>S\n\n### Instruction:\nQ1\n\n### Response:"),
    (
        "alpaca",
        say("Q1", input="I1", system="S"),
        "<s>S\n\n### Instruction:\nQ1\n\n### Input:\nI1\n\n### Response:",
    ),
    (
        "alpaca",
        say("Q1", "A1", "Q2", "A2", "Q3"),
        f"<s>{ALPACA}\n\n### Instruction:\nQ1\n\n### Response:A1</s>"
        "\n\n### Instruction:\nQ2\n\n### Response:A2</s>"
        "\n\n### Instruction:\nQ3\n\n### Response:",
    ),
    (
        "alpaca",
        say("翻译成英文。", input="你好，世界！"),
        f"<s>{ALPACA_INPUT}\n\n### Instruction:\n翻译成英文。\n\n### Input:\n你好，世界！"
        "\n\n### Response:",
    ),
    ("vicuna_v1.1", say("Q1"), f"<s>{VICUNA} USER: Q1 ASSISTANT:"),
    (
        "vicuna_v1.1",
        say("Q1", "A1", "Q2"),
        f"<s>{VICUNA} USER: Q1 ASSISTANT: A1</s>USER: Q2 ASSISTANT:",
    ),
    ("vicuna_v1.1", say("Q1", system="S"), "<s>S USER: Q1 ASSISTANT:"),
    ("vicuna_v1.1", say("Q1", input="I1"), f"<s>{VICUNA} USER: Q1\n\nI1 ASSISTANT:"),
    (
        "vicuna_v1.1",
        say("你好？", "你好！", "再见。"),
        f"<s>{VICUNA} USER: 你好？ ASSISTANT: 你好！</s>USER: 再见。 ASSISTANT:",
    ),
    ("vicuna_v0", say("Q1"), f"<s>{VICUNA_0}\n### Human: Q1\n### Assistant:"),
    (
        "vicuna_v0",
        say("Q1", "A1", "Q2", "A2", "Q3"),
        f"<s>{VICUNA_0}\n### Human: Q1\n### Assistant: A1\n### Human: Q2\n### Assistant: A2"
        "\n### Human: Q3\n### Assistant:",
    ),
    ("vicuna_v0", say("你好？", system="系统"), "<s>系统\n### Human: 你好？\n### Assistant:"),
    ("llama-base", say("Once"), "<s>Once"),
    ("llama-base", say("Q1", "A1", "Q2", system="S"), "<s>S\n\nQ1\n\nA1\n\nQ2"),
    ("llama-base", say("你好", input="世界"), "<s>你好\n\n世界"),
    ("chatml", say("Q1"), "<s><|im_start|>user\nQ1<|im_end|>\n<|im_start|>assistant\n"),
    (
        "chatml",
        say("Q1", "A1", "你好", system="S"),
        "<s><|im_start|>system\nS<|im_end|>\n<|im_start|>user\nQ1<|im_end|>\n"
        "<|im_start|>assistant\nA1<|im_end|>\n<|im_start|>user\n你好<|im_end|>\n"
        "<|im_start|>assistant\n",
    ),
]
ANSWERED = [
    ("alpaca", f"{ALPACA}\n\n### Instruction:\nQ1\n\n### Response:A1</s>"),
    ("vicuna_v1.1", f"{VICUNA} USER: Q1 ASSISTANT: A1</s>"),
    ("vicuna_v0", f"{VICUNA_0}\n### Human: Q1\n### Assistant: A1\n###"),
    ("llama-base", "Q1\n\nA1"),
    ("chatml", "<|im_start|>user\nQ1<|im_end|>\n<|im_start|>assistant\nA1<|im_end|>\n"),
]


@pytest.mark.parametrize(("name", "messages", "text"), GOLDEN)
def test_a_prompt_has_the_bytes_that_the_model_was_trained_on(name, messages, text):
    assert render(read_template(name), messages, bos="<s>") == text


@pytest.mark.parametrize(("name", "text"), ANSWERED)
def test_an_answered_conversation_ends_with_the_answer_and_its_end_mark(name, text):
    messages = say("Q1", "A1")
    assert render(read_template(name), messages, add_generation_prompt=False) == text


@pytest.mark.parametrize(
    ("name", "lead"),
    [
        ("alpaca", ""),
        ("vicuna_v1.1", " "),
        ("vicuna_v0", " "),
        ("llama-base", "\n\n"),
        ("chatml", ""),
    ],
)
def test_what_stands_before_an_answer_is_no_part_of_it(name, lead):
    assert find_lead(read_template(name)) == lead


def test_the_end_mark_is_the_tokenizers():
    text = render(read_template("alpaca"), say("Q1", "A1", "Q2"), bos="<b>", eos="<e>")
    assert text.startswith(f"<b>{ALPACA}")
    assert "A1<e>\n\n### Instruction:\nQ2" in text


def test_alpacas_input_belongs_to_its_own_turn():
    messages = [*say("Q1", "A1"), Message("user", "Q2", "I2")]
    text = render(read_template("alpaca"), messages)
    assert text.startswith(ALPACA)
    assert text.endswith("A1</s>\n\n### Instruction:\nQ2\n\n### Input:\nI2\n\n### Response:")


@pytest.mark.parametrize("name", list_templates())
def test_text_keeps_its_white_space_and_braces(name):
    told = "  {{ 7 * 7 }} {% raw %}\r\n\t<b>&amp;</b>\0 "
    assert told in render(read_template(name), say(told))


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        ([], "no message of a user"),
        (say(system="S"), "no message of a user"),
        ([Message("assistant", "A")], "Message 1 is of 'assistant' where 'user'"),
        (say("Q1", "A1"), "a user has to speak last"),
        ([*say("Q1"), *say("Q2")], "Message 2 is of 'user' where 'assistant'"),
        ([*say("Q1"), Message("system", "S")], "Message 2 is of 'system' where 'assistant'"),
        ([*say("Q1", system="S"), *say("Q2")], "Message 3 is of 'user' where 'assistant'"),
        (say("Q1", system="S") * 2, "Message 3 is of 'system' where 'assistant'"),
        ([Message("tool", "T")], "Message 1 is of 'tool' where 'user'"),
    ],
)
def test_turns_out_of_order_are_refused_with_their_place(messages, complaint):
    with pytest.raises(InputError, match=complaint):
        render(read_template("alpaca"), messages)


def test_a_template_that_names_what_nobody_gives_is_refused():
    template = Template("mine", "{{ mesages[0].content }}", "")
    with pytest.raises(InputError, match="'mesages' is undefined"):
        render(template, say("Q1"))


@pytest.mark.parametrize(
    "source",
    [
        "{{ messages.__class__.__mro__ }}",
        "{{ ''.__class__.__base__.__subclasses__() }}",
        "{{ messages.append(1) }}",
        "{{ cycler.__init__.__globals__ }}",
        "{% set box = namespace(__class__=1) %}",
        "{% set box = namespace() %}{% set box.__class__ = 1 %}",
        "{{ '{0.__class__}'.format(messages) }}",
        "{% macro call() %}{{ call() }}{% endmacro %}{{ call() }}",
        "{{ raise_exception('no') }}",
        "{{ 1 // 0 }}",
    ],
)
def test_a_template_stays_in_its_box(source):
    with pytest.raises(InputError):
        fill_template(compile_template(source), {"messages": []})


def test_a_template_has_what_chat_templates_expect():
    source = (
        "{% set box = namespace(n=0) %}{% for m in messages %}{% set box.n = box.n + 1 %}"
        "{% if m == 'b' %}{% break %}{% endif %}{% endfor %}"
        "{{ box.n }} {{ messages | tojson }} {{ strftime_now('%%') }}"
    )
    filled = fill_template(compile_template(source), {"messages": ["ä", "b", "c"]})
    assert filled == '2 ["ä", "b", "c"] %'
