"""SpikingJelly's side of the race: converts the folded network with its own recipe and times it.

    python spikingjelly_peer.py NETWORK.snn.safetensors IMAGES.npy LABELS.npy CALIBRATION.npy --mode 99.9% --threads 1 \
        --times 64,350 --compile

The float network comes from the saved SNN (`network`, docs/snn-format.md), so both sides convert the same folded weights.
Prepares everything, prints one JSON line, then answers each line on stdin ("round SECONDS") with a round's images a
second and step, as JSON, until "end": the caller's rounds run in between.
"""
import argparse
import copy
import json
import struct
import sys
import time

import numpy as np
import torch
from spikingjelly.activation_based import ann2snn, functional

DTYPES = dict(F32="<f4", F64="<f8", I64="<i8", I32="<i4", I16="<i2", I8="i1", U8="u1")


def read_network(path):
    """Nodes and tensors of the float network in a saved SNN."""
    with open(path, "rb") as file:
        data = file.read()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    content = json.loads(header.pop("__metadata__")["respike"])
    nodes = []
    for node in content["network"]:
        tensors = {}
        for name, key in node["tensors"].items():
            begin, end = header[key]["data_offsets"]
            array = np.frombuffer(data[8 + size + begin : 8 + size + end], DTYPES[header[key]["dtype"]])
            tensors[name] = torch.from_numpy(array.reshape(header[key]["shape"]).copy())
        nodes.append((node["id"], node["op"], node["inputs"], node["attributes"], tensors))
    return nodes


class FoldedNetwork(torch.nn.Module):
    """The folded network with the modules that SpikingJelly's recipe knows."""

    def __init__(self, nodes):
        super().__init__()
        self.plan = []
        for name, op, inputs, attributes, tensors in nodes:
            key = name.replace(".", "_")
            if op == "conv":
                self.add_module(key, self.make_conv(attributes, tensors))
            elif op == "linear":
                self.add_module(key, self.make_linear(tensors))
            elif op == "relu":
                assert attributes["max"] is None, "only plain ReLUs"
                self.add_module(key, torch.nn.ReLU())
            elif op == "pool":
                assert attributes["kind"] == "average" and not any(attributes["padding"])
                self.add_module(key, torch.nn.AvgPool2d(attributes["kernel"], attributes["stride"]))
            elif op == "flatten":
                self.add_module(key, torch.nn.Flatten())
            elif op not in ("input", "add", "slice", "pad", "output"):
                raise SystemExit(f"{name}: this bench does not know the operator {op}")
            self.plan.append((name, key, op, tuple(inputs), attributes))

    @staticmethod
    def make_conv(attributes, tensors):
        weight = tensors["weight"]
        top, left, bottom, right = attributes["padding"]
        assert (top, left) == (bottom, right) and attributes["groups"] == 1
        conv = torch.nn.Conv2d(
            weight.shape[1], weight.shape[0], weight.shape[2:], attributes["stride"], (top, left), attributes["dilation"]
        )
        conv.weight.data, conv.bias.data = weight, tensors.get("bias", torch.zeros(weight.shape[0]))
        return conv

    @staticmethod
    def make_linear(tensors):
        weight = tensors["weight"]
        linear = torch.nn.Linear(weight.shape[1], weight.shape[0])
        linear.weight.data, linear.bias.data = weight, tensors.get("bias", torch.zeros(weight.shape[0]))
        return linear

    def forward(self, x):
        values = {}
        for name, key, op, inputs, attributes in self.plan:
            if op == "input":
                values[name] = x
                continue
            y = values[inputs[0]]
            if op == "add":
                for other in inputs[1:]:
                    y = y + values[other]
            elif op == "slice":
                y = y[(slice(None),) + self.window(attributes)]
            elif op == "pad":
                y = self.pad_channels(y, attributes)
            elif op == "linear":
                y = getattr(self, key)(torch.flatten(y, 1))
            elif op != "output":
                y = getattr(self, key)(y)
            values[name] = y
        return y

    @staticmethod
    def window(attributes):
        """The recipe takes slices from 0 to the end only as steps."""
        steps = attributes["step"]
        assert not any(attributes["start"])
        return tuple(slice(None, None, None if step == 1 else step) for step in steps)

    @staticmethod
    def pad_channels(y, attributes):
        """Zero channels as 0 · some channels: the recipe knows cat, slices and products, not pad."""
        before, after = attributes["before"], attributes["after"]
        assert not any(before[1:] + after[1:])
        parts = [y[:, : before[0]] * 0.0] if before[0] else []
        parts.append(y)
        if after[0]:
            parts.append(y[:, : after[0]] * 0.0)
        return torch.cat(parts, 1)


def convert(network, calibration, mode):
    batches = [calibration[at : at + 100] for at in range(0, len(calibration), 100)]
    recipe = ann2snn.RateCodingRecipe(dataloader=batches, mode=mode)
    return ann2snn.Converter(recipe=recipe, device="cpu").convert(copy.deepcopy(network)).eval()


class RateMeter:
    """Spikes of all IF nodes, for the mean rate."""

    def __init__(self, net):
        self.spikes, self.values = 0.0, 0
        nodes = [module for module in net.modules() if type(module).__name__ == "IFNode"]
        self.hooks = [node.register_forward_hook(self.add) for node in nodes]

    def add(self, module, inputs, output):
        self.spikes += float(output.sum())
        self.values += output.numel()

    def read(self):
        return self.spikes / self.values

    def end(self):
        for hook in self.hooks:
            hook.remove()


def judge(net, images, labels, times):
    """Accuracy and mean rate at each time, as the tutorial adds up outputs."""
    functional.set_step_mode(net, "s")
    functional.reset_net(net)
    meter, correct, rates, total = RateMeter(net), {}, {}, 0
    for t in range(1, max(times) + 1):
        total = total + net(images)
        if t in times:
            correct[t] = 100 * float((total.argmax(1) == labels).float().mean())
            rates[t] = meter.read()
    meter.end()
    return correct, rates


class Runner:
    """One way to run the network: step mode, batch, steps of a chunk that is timed again and again, compiled or not."""

    def __init__(self, net, forward, mode, batch, steps, images):
        self.net, self.forward, self.mode, self.batch, self.steps = net, forward, mode, batch, steps
        self.images = images
        self.x = images[[at % len(images) for at in range(batch)]]
        if mode == "m":
            self.x = self.x.unsqueeze(0).repeat(steps, 1, 1, 1, 1)

    def compiled(self):
        return Runner(self.net, torch.compile(self.net), self.mode, self.batch, self.steps, self.images)

    def chunk(self):
        functional.reset_net(self.net)
        if self.mode == "m":
            return self.forward(self.x).sum(0)
        total = self.forward(self.x)
        for _ in range(1, self.steps):
            total = total + self.forward(self.x)
        return total

    def round(self, seconds):
        """Images a second, one step an image."""
        functional.set_step_mode(self.net, self.mode)
        self.chunk()
        done, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds or done == 0:
            self.chunk()
            done += self.batch * self.steps
        return done / (time.perf_counter() - began)


def race(runners, seconds):
    """The fastest runner of each step mode, and what all of them gave."""
    rates, fastest = [], {}
    for runner in runners:
        trial = dict(mode=runner.mode, batch=runner.batch, steps=runner.steps)
        try:
            rate = runner.round(seconds)
        except Exception as error:  # what a peer cannot run is said, not hidden
            rates.append(dict(trial, error=str(error).splitlines()[0][:200]))
            continue
        rates.append(dict(trial, stepsPerSecond=rate))
        if runner.mode not in fastest or rate > fastest[runner.mode][0]:
            fastest[runner.mode] = (rate, runner)
    return fastest, rates


# Compiling takes minutes each: these, or neighbours within the noise, were the fastest plain ones.
compiled_settings = [("s", 16, 16), ("s", 64, 16), ("m", 16, 4)]


def choose(net, images, options):
    """As the tutorial runs it (mode s, batch 50); the best of both modes and all batches; the best of some compiled."""
    batches = [int(batch) for batch in options.batches.split(",")]
    single = [Runner(net, net, "s", batch, options.steps, images) for batch in batches]
    multi = [Runner(net, net, "m", batch, steps, images) for batch in batches for steps in (4, options.steps)]
    tutorial, tried = Runner(net, net, "s", 50, options.steps, images), {}
    plain, tried["plain"] = race(single + multi, options.seconds)
    chosen = dict(tutorial=tutorial, plain=max(plain.values(), key=lambda pair: pair[0])[1], compiled=None)
    if options.compile:
        candidates = [runner for runner in single + multi if (runner.mode, runner.batch, runner.steps) in compiled_settings]
        compiled, tried["compiled"] = race([runner.compiled() for runner in candidates], options.seconds)
        if compiled:
            chosen["compiled"] = max(compiled.values(), key=lambda pair: pair[0])[1]
    return chosen, tried


def main():
    parser = argparse.ArgumentParser()
    for name in ("network", "images", "labels", "calibration"):
        parser.add_argument(name)
    parser.add_argument("--mode", required=True, help="max or 99.9%%")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--steps", type=int, default=16, help="steps of a chunk that is timed")
    parser.add_argument("--times", default="64", help="T at which accuracy is taken")
    parser.add_argument("--batches", default="1,16,64")
    parser.add_argument("--seconds", type=float, default=0.5, help="of each trial")
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    images, labels = (torch.from_numpy(np.load(path)) for path in (options.images, options.labels))
    calibration = torch.from_numpy(np.load(options.calibration))
    with torch.inference_mode():
        network = FoldedNetwork(read_network(options.network)).eval()
        ann = 100 * float((network(images).argmax(1) == labels).float().mean())
        net = convert(network, calibration, options.mode)
        accuracy, rates = judge(net, images, labels, [int(t) for t in options.times.split(",")])
        chosen, tried = choose(net, images, options)
        settings = {
            kind: None if each is None else dict(mode=each.mode, batch=each.batch, steps=each.steps)
            for kind, each in chosen.items()
        }
        facts = dict(torch=torch.__version__, ann=ann, accuracy=accuracy, rates=rates, settings=settings, tried=tried)
        print(json.dumps(facts), flush=True)
        for line in sys.stdin:
            if line.strip() == "end":
                break
            kind, seconds = line.split()
            runner = chosen[kind]
            print(json.dumps(None if runner is None else runner.round(float(seconds))), flush=True)


if __name__ == "__main__":
    main()
