"""The peer of bench/training-against-pytorch.ts: trains ResNet-20 in PyTorch on random images.

Says {"torch": version} when it is ready; a line with a number of seconds starts a round, answered with
images a second. One step is forward, loss, backward and SGD, and the loss is read.
"""

import argparse
import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride, shortcut, first):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        changes = stride != 1 or inputs != outputs
        self.zeros = (outputs - inputs) // 2 if changes and shortcut == "A" else None
        self.shortcut = nn.Identity()
        if self.zeros is None and (changes or (first and shortcut == "P")):
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        y = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        if self.zeros is None:
            side = self.shortcut(x)
        else:
            side = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.zeros, self.zeros))
        return functional.relu(y + side)


def build(shortcut):
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    inputs = 16
    for stage in range(3):
        outputs = 16 * 2**stage
        for block in range(3):
            layers.append(Block(inputs, outputs, 2 if stage > 0 and block == 0 else 1, shortcut, block == 0))
            inputs = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--shortcut", choices=["A", "P"], required=True)
    parser.add_argument("--channels-last", action="store_true")
    words = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(words.threads)
    layout = torch.channels_last if words.channels_last else torch.contiguous_format
    model = build(words.shortcut).to(memory_format=layout).train()
    images = torch.randn(words.batch, 3, 32, 32).to(memory_format=layout)
    labels = torch.arange(words.batch) % 10
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)

    def step():
        optimiser.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(model(images), labels)
        loss.backward()
        optimiser.step()
        return loss.item()

    for _ in range(3):
        step()
    print(json.dumps({"torch": torch.__version__}), flush=True)
    for line in sys.stdin:
        seconds, done, begin = float(line), 0, time.perf_counter()
        while time.perf_counter() - begin < seconds:
            step()
            done += words.batch
        print(json.dumps(done / (time.perf_counter() - begin)), flush=True)


main()
