"""The files of a count: networks and test images in, decisions and means out, and what is known meanwhile.

Knows: respike's cache, predictions.csv and counts.json as scripts/read-counted.ts takes them. May not know: how anything is counted.
"""
import argparse
import json
import os
import time

import numpy as np
import torch
from snn_layers import expect, read_network

MOST_STEPS = 4000  # of a network with an int32 layer (docs/conversion.md, number formats)


def describe_flags():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--n", type=int, help="the first N images alone")
    parser.add_argument("--out", required=True)
    parser.add_argument("networks", nargs="+")
    return parser


def count_networks(flags, make_counts):
    """Counts each network of the command line that is not counted yet; make_counts(network, at) gives its NetworkCounts."""
    for each in flags.networks:
        path, _, times = each.partition("@")
        folder = os.path.join(flags.out, os.path.basename(path).removesuffix(".snn.safetensors"))
        started = time.time()
        network = read_network(path)
        at = sorted({int(t) for t in times.split(",")}) if times else [network.options["T"]]
        expect(1 <= at[0] and at[-1] <= MOST_STEPS, path, "times", at)
        images, labels = read_test_images(flags.data, network.input_shape, flags.n)
        of = {"sha256": network.sha256, "n": len(labels), "times": at}
        progress = Progress(folder, of)
        if is_finished(folder, of):
            progress.remove()
            continue
        with torch.inference_mode():
            result = make_counts(network, at).count(images, labels, progress)
        write(folder, result, labels, of)
        progress.remove()
        print(f"{os.path.basename(folder)}: {time.time() - started:.1f} s since it began or went on", flush=True)


def read_test_images(folder, shape, n):
    pixels = np.fromfile(os.path.join(folder, "test-images.u8"), np.uint8).reshape(-1, *shape)
    labels = np.fromfile(os.path.join(folder, "test-labels.u8"), np.uint8).astype(np.int64)
    return pixels[:n], labels[:n]


def is_finished(folder, of):
    path = os.path.join(folder, "counts.json")
    if not os.path.exists(path):
        return False
    with open(path) as file:
        return json.load(file)["of"] == of


def write(folder, result, labels, of):
    """counts.json is written last: where it exists, predictions.csv belongs to it."""
    whole = os.path.join(folder, "counts.json")
    if os.path.exists(whole):
        os.remove(whole)
    head = ",".join(["index", "label", *(f"t{t}" for t in of["times"])])
    rows = [f"{i},{label},{','.join(map(str, result['predictions'][i]))}" for i, label in enumerate(labels)]
    write_whole(os.path.join(folder, "predictions.csv"), "\n".join([head, *rows]) + "\n")
    write_whole(whole, json.dumps({"of": of, "at": result["at"]}, indent=1) + "\n")


def write_whole(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".part", "w") as file:
        file.write(text)
    os.replace(path + ".part", path)


class Progress:
    """What is known of a network's first images, so that a count that was cut off goes on: whole numbers, in a file of its own."""

    def __init__(self, folder, of):
        self.path, self.of = os.path.join(folder, "progress.json"), of

    def read(self):
        """Classes of the images that are done, top-5 hits and sums of each time; None where nothing fits."""
        if not os.path.exists(self.path):
            return None
        try:
            with open(self.path) as file:
                known = json.load(file)
        except ValueError:  # cut off by a loss of power
            return None
        return known["done"] if known["of"] == self.of else None

    def save(self, done):
        write_whole(self.path, json.dumps({"of": self.of, "done": done}))

    def remove(self):
        if os.path.exists(self.path):
            os.remove(self.path)
