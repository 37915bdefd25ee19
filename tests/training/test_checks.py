import pytest

from training.checks import check_recipe
from training.recipe import Lora, Recipe, Tiny

GOOD = Recipe(name="x", title="X", kind="sft", base="llama-7b")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"base": ""}, "exactly one of base and tiny"),
        ({"tiny": Tiny()}, "exactly one of base and tiny"),
        ({"template": "alpaka"}, "template is 'alpaka'; there are alpaca"),
        ({"quantisation": "4bit"}, "such weights learn by lora only"),
        ({"base": "", "tiny": Tiny(), "lora": Lora(), "quantisation": "8bit"}, "gains nothing"),
        ({"base": "", "tiny": Tiny(hidden=48, heads=5)}, "5 heads can't share"),
        ({"base": "", "tiny": Tiny(context=256)}, "max_length 512 is more than tiny.context 256"),
        ({"shape": "comparison"}, "sft training reads alpaca or sharegpt"),
        ({"kind": "reward"}, "reward training reads comparison or preference"),
        ({"overflow": "split"}, "take truncate or drop"),
        ({"kind": "preference", "shape": "preference", "packing": True}, "packing is for sft"),
        ({"global_batch": 10, "device_batch": 4}, "10 is no multiple of device_batch 4"),
    ],
)
def test_what_does_not_fit_together_is_told(changed, words):
    (fault,) = check_recipe(GOOD.model_copy(update=changed))
    assert words in fault


def test_what_fits_has_no_fault():
    assert check_recipe(GOOD) == []
    tiny = GOOD.model_copy(update={"base": "", "tiny": Tiny(), "shape": "sharegpt"})
    assert check_recipe(tiny.model_copy(update={"overflow": "split", "packing": True})) == []


def test_all_faults_are_told_at_once():
    many = {"base": "", "template": "x", "overflow": "split", "global_batch": 7}
    assert len(check_recipe(GOOD.model_copy(update=many))) == 4
