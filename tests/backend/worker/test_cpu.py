"""What is done for a CPU changes how long it takes, and not what comes out."""

from types import SimpleNamespace

import pytest
import torch

from backend.worker.cpu import attend, prepare_model

SIZE = 8


class Cache:
    """A cache that gives back what it was given, all of it at once."""

    def __init__(self, key, value, ends):
        self.key, self.value, self.ends = key, value, ends

    def update(self, key, value, layer_idx, kwargs):
        kwargs["cu_seq_lens_k"] = torch.tensor(self.ends)
        return self.key, self.value


def attend_alone(query, key, value):
    """Plain attention of one request: the last queries to all keys up to their own place."""
    query, key, value = (one.transpose(0, 1).double() for one in (query, key, value))
    groups = query.shape[0] // key.shape[0]
    key, value = key.repeat_interleave(groups, 0), value.repeat_interleave(groups, 0)
    scores = query @ key.transpose(1, 2) / SIZE**0.5
    n_query, n_key = scores.shape[1:]
    later = torch.ones(n_query, n_key).triu(n_key - n_query + 1).bool()
    return (scores.masked_fill(later, float("-inf")).softmax(-1) @ value).transpose(0, 1)


@pytest.mark.parametrize("n_key_heads", [4, 2])
def test_each_request_attends_to_its_own_past(n_key_heads):
    """Three requests: one in mid-answer, a whole prompt, and the second half of a prompt."""
    torch.manual_seed(0)
    queries, keys = [1, 5, 3], [9, 5, 6]
    q = [torch.randn(n, 4, SIZE) for n in queries]
    k, v = ([torch.randn(n, n_key_heads, SIZE) for n in keys] for _ in "kv")
    mask = torch.full((1, 1, sum(queries), sum(keys)), torch.finfo(torch.float32).min)
    row = column = 0
    for n_query, n_key in zip(queries, keys, strict=True):
        block = torch.full((n_query, n_key), torch.finfo(torch.float32).min)
        block = block.triu(n_key - n_query + 1)
        mask[0, 0, row : row + n_query, column : column + n_key] = block
        row, column = row + n_query, column + n_key

    def join(parts):
        return torch.cat(parts).transpose(0, 1)[None]

    found, _ = attend(
        SimpleNamespace(layer_idx=0),
        join(q),
        None,
        None,
        mask,
        scaling=SIZE**-0.5,
        cache=Cache(join(k), join(v), [0, 9, 14, 20]),
        cu_seq_lens_q=torch.tensor([0, 1, 6, 9]),
        cu_seq_lens_k={},
    )
    expected = torch.cat([attend_alone(*one) for one in zip(q, k, v, strict=True)])
    assert torch.allclose(found[0].double(), expected, atol=1e-5)


def test_what_is_no_managers_batch_is_left_to_torch():
    torch.manual_seed(0)
    q, k, v = (torch.randn(1, 2, 5, SIZE) for _ in range(3))
    found, _ = attend(SimpleNamespace(is_causal=True), q, k, v, None, scaling=SIZE**-0.5)
    expected = attend_alone(*(one[0].transpose(0, 1) for one in (q, k, v)))
    assert torch.allclose(found[0].double(), expected, atol=1e-5)


def test_weights_in_columns_compute_the_same():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.Linear(5, 3, bias=False))
    x = torch.randn(4, 6)
    before = model(x)
    prepare_model(model)
    assert torch.allclose(model(x), before, atol=1e-6)
    assert [part.weight.stride() for part in model] == [(1, 5), (1, 3)]
