"""Writes pytorch-sequence.json: outputs and gradients of PyTorch's sequence layers in double precision.

    python3 make_sequence_fixtures.py

Made with torch 2.13.0 on the CPU. Every case holds the parameters under the names of the module's state_dict, the inputs, the
gradient of the loss by the output, and what forward and backward make of them.
"""

import json
import pathlib

import torch
from torch import nn

torch.manual_seed(20)
torch.set_default_dtype(torch.float64)


def values(*shape):
    return torch.round(torch.randn(*shape) * 1000) / 1000


def flat(tensor):
    return [round(value, 10) for value in tensor.detach().reshape(-1).tolist()]


def case(kind, module, run, x, lengths=None, **options):
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(values(*parameter.shape) * 0.5)
    if x.dtype == torch.float64:
        x.requires_grad_()
    output = run(module, x)
    gradient = values(*output.shape)
    output.backward(gradient)
    return {
        "kind": kind,
        **options,
        "samples": x.shape[0],
        "shape": list(x.shape[1:]),
        "parameters": {name: flat(p) for name, p in module.named_parameters()},
        "input": flat(x.double()),
        "lengths": lengths,
        "output": flat(output),
        "output_gradient": flat(gradient),
        "input_gradient": flat(x.grad) if x.grad is not None else None,
        "parameter_gradients": {name: flat(p.grad) for name, p in module.named_parameters()},
    }


def recurrent(kind, layers, bidirectional, sequence, lengths):
    samples, steps, inputs, units = 3, 5, 3, 4
    cls = {"lstm": nn.LSTM, "gru": nn.GRU}[kind]
    module = cls(inputs, units, num_layers=layers, bidirectional=bidirectional, batch_first=True)

    def run(module, x):
        if lengths is not None:
            x = nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
        output, state = module(x)
        state = state[0] if kind == "lstm" else state
        if lengths is not None:
            output, _ = nn.utils.rnn.pad_packed_sequence(output, batch_first=True, total_length=steps)
        directions = 2 if bidirectional else 1
        return output if sequence else torch.cat(list(state[-directions:]), dim=1)

    return case(
        kind, module, run, values(samples, steps, inputs), lengths, units=units, layers=layers,
        bidirectional=bidirectional, sequence=sequence)


def attention(causal, lengths=None):
    samples, steps, width, heads = 2, 5, 6, 2
    module = nn.MultiheadAttention(width, heads, batch_first=True)
    mask = torch.triu(torch.ones(steps, steps, dtype=torch.bool), diagonal=1) if causal else None
    padding = None
    if lengths is not None:
        padding = torch.arange(steps)[None, :] >= torch.tensor(lengths)[:, None]

    def run(m, x):
        return m(x, x, x, need_weights=False, attn_mask=mask, key_padding_mask=padding)[0]

    return case(
        "multi_head_attention", module, run, values(samples, steps, width), lengths, heads=heads, causal=causal)


class Block(nn.Module):
    """The transformer block of nanoGPT, with nn.MultiheadAttention."""

    def __init__(self, width, heads):
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        steps = x.shape[1]
        mask = torch.triu(torch.ones(steps, steps, dtype=torch.bool), diagonal=1)
        normal = self.ln_1(x)
        x = x + self.attn(normal, normal, normal, need_weights=False, attn_mask=mask)[0]
        return x + self.mlp(self.ln_2(x))


cases = [
    recurrent(kind, layers, bidirectional, sequence, lengths)
    for kind in ("lstm", "gru")
    for layers, bidirectional, sequence, lengths in (
        (1, False, True, None),
        (1, False, False, None),
        (2, True, False, None),
        (2, True, True, [5, 2, 3]),
        (2, True, False, [1, 4, 5]),
    )
]
cases += [attention(False), attention(True)]
cases.append(case("transformer_block", Block(6, 2), lambda m, x: m(x), values(2, 5, 6), heads=2, causal=True))
cases.append(case("embedding", nn.Embedding(7, 3), lambda m, x: m(x), torch.tensor([[0, 6, 6, 2], [1, 0, 6, 5]]), size=7))
cases += [attention(False, [3, 5]), attention(True, [1, 4])]
cases.append(
    case("embedding", nn.Embedding(7, 3, padding_idx=2), lambda m, x: m(x), torch.tensor([[4, 6, 2, 2], [2, 0, 4, 2]]),
         size=7, padding=2))

path = pathlib.Path(__file__).parent / "pytorch-sequence.json"
path.write_text(json.dumps({"torch": torch.__version__, "cases": cases}, separators=(",", ":")) + "\n")
