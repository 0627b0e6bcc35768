"""Change a good checkpoint in random ways, load what comes out, and train on with what is not refused.

    python tests/mutated_checkpoints.py --cases 20000

A crash ends this process; an error that is not documented is printed, and makes the exit status 1. Prints the counts
as JSON.
"""

import argparse
import json
import random
import struct
import sys
import tempfile
from collections import Counter
from pathlib import Path

from vae_course.beta import BetaRange, MultiRateVAE
from vae_course.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from vae_course.digits import load_digits
from vae_course.extras.convolutional import ConvolutionalVAE
from vae_course.extras.muon import Muon
from vae_course.training import TrainConfig, adam, fit
from vae_course.unfinished import Unfinished
from vae_course.vae import VAE

import torch
from mutations import mutate_safetensors
from safetensors.torch import load, save

MODELS = [
    (VAE, {"hidden": (8, 4)}, adam, 1.0),
    (VAE, {"hidden": (8, 4)}, Muon, 1.0),
    (MultiRateVAE, {"hidden": (6,)}, adam, BetaRange()),
    (ConvolutionalVAE, {"hidden": (6,), "channels": (2, 3), "coupling_layers": 2}, Muon, 1.0),
]
TYPES = ["float16", "bfloat16", "float64", "complex64", "bool", "int8", "uint8", "int32", "int64", "uint64"]
TYPES += ["float8_e4m3fn", "float8_e5m2"]


def good_checkpoint(number, images, folder):
    """Train a little, and save in the middle of the second epoch."""
    kind, options, optimizer, beta = MODELS[number]
    torch.manual_seed(0)
    model, config = kind(latent_dim=2, **options), TrainConfig(epochs=2, batch_size=4, beta=beta)
    made, generator = optimizer(model.parameters(), 1e-3), torch.Generator()
    for progress in fit(model, images, config, optimizer=made, generator=generator):
        if progress.step == 4:
            break
    unfinished = Unfinished([[1.0, 1.0]], generator.get_state().numpy().tobytes(), 0.1)
    path = folder / f"{number}.safetensors"
    save_checkpoint(path, Checkpoint(model, config, "embedded", [{"epoch": 1}], made, unfinished=unfinished))
    return path.read_bytes()


def change_shape(tensor, rng):
    count = max(1, tensor.numel() + rng.choice([-1, 1, 7]))
    return rng.choice(
        [
            torch.zeros(()),
            torch.zeros(0),
            torch.zeros(count),
            tensor.flatten(),
            tensor.unsqueeze(0),
            tensor.T.contiguous() if tensor.ndim == 2 else tensor.expand(2, *tensor.shape).contiguous(),
            torch.zeros(*tensor.shape[:-1], rng.randint(0, 9)),
        ]
    )


def change_values(tensor, rng):
    changed = tensor.clone()
    value = rng.choice([torch.nan, torch.inf, -torch.inf, 3e38, -3e38, 1e-45, -1.0, 0.0, 1e10])
    if rng.random() < 0.5:
        changed.fill_(value)
    else:
        changed.view(-1)[rng.randrange(changed.numel())] = value
    return changed


def change_tensor(content, rng):
    """Change, leave out or add a tensor: of the optimizer's more often than of the model's."""
    tensors, words = load(content), words_of(content)
    names = sorted(tensors)
    states = [name for name in names if name.startswith("optimizer.")]
    name = rng.choice(states if rng.random() < 0.8 else names)
    how = rng.choice(["type", "shape", "values", "missing", "renamed", "another's", "added"])
    if how == "type":
        tensors[name] = tensors[name].to(getattr(torch, rng.choice(TYPES)))
    elif how == "shape":
        tensors[name] = change_shape(tensors[name], rng)
    elif how == "values":
        tensors[name] = change_values(tensors[name], rng)
    elif how == "added":
        slot = rng.choice(["step", "exp_avg", "momentum", "x"])
        tensors[f"optimizer.{rng.randint(-1, 99)}.{slot}"] = torch.zeros(3)
    else:
        kept = tensors.pop(name)
        if how == "renamed":
            tensors[name.replace(".0.", ".00.") + rng.choice(["", ".x", " "])] = kept
        if how == "another's":
            tensors[name] = tensors[rng.choice(sorted(tensors))].clone()
    return f"a tensor: {how}", save(tensors, words)


def change_generator(content, rng):
    """Change the state of the generator, of which torch believes much."""
    tensors, words = load(content), words_of(content)
    unfinished = json.loads(words["unfinished"])
    state = bytearray.fromhex(unfinished["generator"])
    state[rng.choice([rng.randrange(len(state)), rng.randrange(8, 24)])] = rng.randrange(256)
    if rng.random() < 0.5:
        # So many of its 624 numbers are said to be left, and there the next is said to be.
        state[8:12], state[16:24] = struct.pack("<i", rng.randint(1, 624)), struct.pack("<q", rng.randint(0, 624))
    unfinished["generator"] = bytes(state).hex()[: rng.choice([None, None, None, 100])]
    return "the generator", save(tensors, words | {"unfinished": json.dumps(unfinished)})


def words_of(content):
    """Read what a checkpoint says of itself."""
    (size,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + size])["__metadata__"]


def change_file(content, rng):
    """Change header, words or bytes, as the tests of all readers do."""
    return "the file", mutate_safetensors(content, rng)


CHANGES = [change_tensor, change_tensor, change_generator, change_file]


def outcome_of(path, images):
    """Load a checkpoint and train on with it; say what came of it."""
    try:
        run = load_checkpoint(path)
    except (ValueError, FileNotFoundError):
        return "refused"
    generator = torch.Generator()
    if run.unfinished and run.unfinished.state.shape == generator.get_state().shape:
        generator.set_state(run.unfinished.state)
    first = {"first_batch": 1, "generator": generator} if run.unfinished else {}
    training = fit(run.model, images, run.config, images, run.optimizer, first_epoch=1, step=run.step, **first)
    try:
        for _, _ in zip(range(2), training, strict=False):
            pass
    except (FloatingPointError, ValueError):
        return "stopped in training"
    return "trained"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rng, images, counts, wrong = random.Random(args.seed), load_digits().train_images[:12], Counter(), 0
    with tempfile.TemporaryDirectory() as folder:
        good = [good_checkpoint(number, images, Path(folder)) for number in range(len(MODELS))]
        path = Path(folder) / "changed.safetensors"
        for case in range(args.cases):
            kind, content = rng.choice(CHANGES)(rng.choice(good), rng)
            path.write_bytes(content)
            try:
                counts[outcome_of(path, images)] += 1
            except Exception as error:
                wrong += 1
                print(f"case {case}, {kind}: {type(error).__name__}: {error}", file=sys.stderr)
            counts[kind] += 1
    print(json.dumps(counts))
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
