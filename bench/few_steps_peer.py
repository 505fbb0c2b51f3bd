"""The peers' side of bench/few-steps-against-peers.ts: converts the folded network with a method and answers for images.

    python few_steps_peer.py NETWORK.snn.safetensors IMAGES.npy LABELS.npy TRAINING.npy --method robust --kept FILE.pt \
        --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 --threads 1 --steps 64 [--device cuda]

`robust`  SpikingJelly's RateCodingRecipe, channel-wise, 99.9 %, half threshold, as its own example calls it;
`ltb`     its LocalThresholdBalancingRecipe with 400 batches of 128 training images, shuffled with seed 0;
`sinabs`  `sinabs.from_torch.from_model` as it stands: as many spikes a step as the potential holds.

What a method calibrates is kept in FILE.pt, so that a second call starts at once. TRAINING.npy holds bytes [n,3,32,32]; `robust`
sees the first --calibrate of them. Prints one JSON line when it is ready, then answers lines on stdin with one JSON line each
until "end": "judge BEGIN END" with the decisions about these images after each step; "prepare" with the ways to run the network
that were tried for speed; "plain SECONDS" and "compiled SECONDS" with a round's images a second, one step an image.
"""
import argparse
import copy
import json
import os
import sys

import numpy as np
import torch
from spikingjelly.activation_based import ann2snn, functional

from spikingjelly_peer import FoldedNetwork, choose, read_network

LTB_BATCHES, LTB_BATCH = 400, 128


class Batches:
    """Training images, scaled, in groups of indices."""

    def __init__(self, pixels, scale, groups):
        self.pixels, self.scale, self.groups = pixels, scale, groups

    def __len__(self):
        return len(self.groups)

    def read(self, at):
        return self.scale(self.pixels[np.sort(self.groups[at])])

    def __iter__(self):
        return (self.read(at) for at in range(len(self.groups)))


def shuffled_groups(count, batches, size):
    """Groups of `size` indices out of permutations of all images, one after the other."""
    generator = np.random.default_rng(0)
    rounds = -(-batches * size // count)
    order = np.concatenate([generator.permutation(count) for _ in range(rounds)])
    return [order[at * size : (at + 1) * size] for at in range(batches)]


def scaler(mean, std, device):
    mean, std = (torch.tensor([float(x) for x in text.split(",")]).view(1, -1, 1, 1) for text in (mean, std))
    return lambda pixels: ((torch.from_numpy(pixels).float() / 255 - mean) / std).to(device)


def make_recipe(method, batches, kept):
    if method == "ltb":
        return ResumableBalancing(batches, kept)
    return ann2snn.RateCodingRecipe(
        dataloader=batches, mode="99.9%", channel_wise=True, pre_spike_maxpool=True, half_threshold=True
    )


class ResumableBalancing(ann2snn.LocalThresholdBalancingRecipe):
    """The recipe, whose thresholds so far are written every 10 batches and found again."""

    def __init__(self, batches, kept):
        super().__init__(dataloader=batches)
        self.kept = kept + ".balancing"

    def calibrate(self, converter, fx_model):
        hooks = [module for module in fx_model.modules() if type(module).__name__ == "LocalThresholdBalancingHook"]
        done, total = 0, len(self.dataloader.groups)
        if os.path.exists(self.kept):
            done, thresholds = torch.load(self.kept, map_location=next(fx_model.parameters()).device)
            for hook, threshold in zip(hooks, thresholds, strict=True):
                hook.threshold = threshold
        for at in range(done, total):
            fx_model(self.dataloader.read(at))
            if (at + 1) % 10 == 0:
                write((at + 1, [hook.threshold.clone() for hook in hooks]), self.kept)
                print(f"batch {at + 1} of {total}", file=sys.stderr, flush=True)
        return fx_model


def write(value, path):
    torch.save(value, path + ".part")
    os.replace(path + ".part", path)


def convert_spikingjelly(network, options, pixels, scale):
    """Calibrated once; later calls take the kept thresholds."""
    first = min(options.calibrate, len(pixels))
    groups = [np.arange(at, min(at + 100, first)) for at in range(0, first, 100)]
    if options.method == "ltb":
        groups = shuffled_groups(len(pixels), LTB_BATCHES, LTB_BATCH)
    known = os.path.exists(options.kept)
    recipe = make_recipe(options.method, Batches(pixels, scale, groups[:1] if known else groups), options.kept)
    net = ann2snn.Converter(recipe=recipe, device=options.device).convert(copy.deepcopy(network)).eval()
    if known:
        net.load_state_dict(torch.load(options.kept, map_location=options.device))
    else:
        write(net.state_dict(), options.kept)
    return net


class SpikingJelly:
    def __init__(self, network, options, pixels, scale):
        self.net = convert_spikingjelly(network, options, pixels, scale)
        probe = [scale(pixels[:32])]
        steps, device = range(1, options.steps + 1), options.device
        self.delays = {t: ann2snn.estimate_delay_start(self.net, probe, device, t) for t in steps}
        functional.set_step_mode(self.net, "s")

    def reset(self, batch):
        functional.reset_net(self.net)

    def step(self, images):
        return self.net(images)


class Sinabs:
    """One step a call: its layers keep their potentials from call to call."""

    def __init__(self, network, options, pixels, scale):
        self.network, self.batch, self.net, self.delays = network, 0, None, {}

    def reset(self, batch):
        from sinabs.from_torch import from_model

        if batch != self.batch:
            device = next(self.network.parameters()).device
            self.net, self.batch = from_model(copy.deepcopy(self.network), batch_size=batch).eval().to(device), batch
        self.net.reset_states()

    def step(self, images):
        return self.net(images)


def judge(peer, images, steps):
    """Decisions after each step by the sum of the outputs so far, and at each T without the first steps, as many as its own
    estimate of the delay says."""
    peer.reset(len(images))
    total, totals = 0, []
    for _ in range(steps):
        total = total + peer.step(images)
        totals.append(total)
    decisions = torch.stack([each.argmax(1) for each in totals], 1)
    delayed = {}
    for t, delay in peer.delays.items():
        late = totals[t - 1] - totals[delay - 1] if delay > 0 else totals[t - 1]
        delayed[t] = late.argmax(1).tolist()
    return dict(decisions=decisions.tolist(), delayed=delayed)


def read_options():
    parser = argparse.ArgumentParser()
    for name in ("network", "images", "labels", "training"):
        parser.add_argument(name)
    parser.add_argument("--method", required=True, choices=["robust", "ltb", "sinabs"])
    parser.add_argument("--kept", required=True, help="file for what was calibrated")
    parser.add_argument("--mean", required=True)
    parser.add_argument("--std", required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--device", default="cpu", help="cuda for decisions; speed is compared on a processor")
    parser.add_argument("--calibrate", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=64)
    parser.add_argument("--chunk", type=int, default=16, help="steps of a chunk that is timed")
    parser.add_argument("--batches", default="1,16,64")
    parser.add_argument("--seconds", type=float, default=0.5, help="of each trial")
    parser.add_argument("--compile", action="store_true")
    return parser.parse_args()


def answer(words, peer, images, options, chosen):
    if words[0] == "judge":
        return judge(peer, images[int(words[1]) : int(words[2])], options.steps)
    if options.device != "cpu":
        return dict(refused="speed is compared on a processor: leave --device out")
    if words[0] == "prepare":
        timing = argparse.Namespace(
            batches=options.batches, steps=options.chunk, seconds=options.seconds, compile=options.compile
        )
        runners, tried = choose(peer.net, images, timing)
        chosen.update(runners)
        settings = {
            kind: None if each is None else dict(mode=each.mode, batch=each.batch, steps=each.steps)
            for kind, each in runners.items()
        }
        return dict(settings=settings, tried=tried)
    runner = chosen.get(words[0])
    return None if runner is None else runner.round(float(words[1]))


def main():
    options = read_options()
    torch.set_num_threads(options.threads)
    torch.backends.cudnn.allow_tf32 = False
    images = torch.from_numpy(np.load(options.images)).to(options.device)
    labels = torch.from_numpy(np.load(options.labels)).to(options.device)
    pixels = np.load(options.training, mmap_mode="r")
    with torch.inference_mode():
        network = FoldedNetwork(read_network(options.network)).eval().to(options.device)
        ann = 100 * float((network(images).argmax(1) == labels).float().mean())
        kind = Sinabs if options.method == "sinabs" else SpikingJelly
        peer, chosen = kind(network, options, pixels, scaler(options.mean, options.std, options.device)), {}
        print(json.dumps(dict(torch=torch.__version__, device=options.device, ann=ann, delays=peer.delays)), flush=True)
        for line in sys.stdin:
            words = line.split()
            if words == ["end"]:
                break
            print(json.dumps(answer(words, peer, images, options, chosen)), flush=True)


main()
