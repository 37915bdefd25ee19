"""What a worker is told at its start."""

import pytest

from backend.errors import CamelidError
from backend.worker.options import KEY, check_options, read_options


def read(*words, **environ):
    return read_options(["--model", "/weights/tiny-7b", *words], environ)


def test_the_name_is_the_folder_s():
    assert read().name == "tiny-7b"
    assert read("--name", "llama").name == "llama"


def test_the_key_comes_from_the_environment_and_is_never_shown():
    options = read(**{KEY: "s3cret"})
    assert options.key == "s3cret" and "s3cret" not in repr(options)


@pytest.mark.parametrize(
    ("words", "environ"),
    [
        ((), {}),
        (("--host", "localhost"), {}),
        (("--host", "0.0.0.0"), {KEY: "s3cret"}),
        (("--template", "alpaca", "--context", "512"), {}),
    ],
)
def test_what_can_be_served_passes(words, environ):
    check_options(read(*words, **environ))


@pytest.mark.parametrize(
    ("words", "environ", "named"),
    [
        (("--host", "0.0.0.0"), {}, KEY),
        (("--host", "example.org"), {}, KEY),
        ((), {KEY: "schlüssel"}, KEY),
        (("--context", "-1"), {}, "--context"),
        (("--max-seconds", "nan"), {}, "--max-seconds"),
        (("--max-seconds", "0"), {}, "--max-seconds"),
        (("--template", "nonsense"), {}, "nonsense"),
        (("--device", "tpu"), {}, "--device"),
        (("--device", "cuda:x"), {}, "--device"),
    ],
)
def test_what_can_not_is_refused_by_name(words, environ, named):
    with pytest.raises(CamelidError, match=named):
        check_options(read(*words, **environ))


@pytest.mark.parametrize(
    "words", [["--port", "70000"], ["--dtype", "int8"], ["--quantisation", "2bit"], ["--what"]]
)
def test_words_that_mean_nothing_end_the_process(words, capsys):
    with pytest.raises(SystemExit):
        read(*words)
    assert words[0] in capsys.readouterr().err
