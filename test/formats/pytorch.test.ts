/** Files that Python wrote (fixtures/make_fixtures.py): values, views, element types, hostile globals. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { RespikeError } from "#src/core/respike-error.js";
import { chooseWeights } from "#src/formats/pytorch/choose-weights.js";
import { nameTensors } from "#src/formats/pytorch/name-tensors.js";
import {
  PickleDict,
  type PickleValue,
  StorageReference,
  StorageType,
  TensorRecord,
} from "#src/formats/pytorch/pickle-values.js";
import { isLegacyCheckpoint, readLegacyCheckpoint } from "#src/formats/pytorch/read-legacy-checkpoint.js";
import { readZipCheckpoint } from "#src/formats/pytorch/read-zip-checkpoint.js";
import { findTorchGlobal, loadStorage } from "#src/formats/pytorch/torch-globals.js";
import { unpickle } from "#src/formats/pytorch/unpickle.js";

const read = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../../test/formats/fixtures/${name}`, import.meta.url)));
const open = (name: string) => {
  const bytes = read(name);
  const checkpoint = isLegacyCheckpoint(bytes) ? readLegacyCheckpoint(bytes) : readZipCheckpoint(bytes, name);
  return nameTensors(checkpoint, name);
};
const host = { findGlobal: findTorchGlobal, loadPersistent: loadStorage };
const values = (name: string) => {
  const { value } = unpickle(read(name), 0, host);
  assert.ok(value instanceof PickleDict);
  return Object.fromEntries(
    [...value.entries].map(([key, item]) => [String(key), item] as [string, PickleValue]),
  );
};
const refusal = (run: () => unknown): RespikeError => {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof RespikeError, String(error));
    assert.equal(error.exitCode, 3);
    return error;
  }
  return assert.fail("it was accepted");
};

for (const protocol of [0, 1, 2, 4]) {
  test(`plain values of pickle protocol ${protocol}`, () => {
    const found = values(`values-protocol${protocol}.pkl`);
    assert.deepEqual(found, {
      text: "naïve \u20ac \\ \n'",
      number: -7,
      large: 2n ** 70n,
      real: 1.5e-300,
      yes: true,
      no: false,
      nothing: null,
      items: [1, [2, 3], [4]],
      raw: Uint8Array.of(0, 255),
      many: Array.from({ length: 300 }, (_, at) => at),
    });
  });
}

for (const protocol of [2, 4]) {
  test(`numpy scalars of pickle protocol ${protocol} are numbers`, () => {
    assert.deepEqual(values(`scalars-protocol${protocol}.pkl`), { f8: 1.5, f4: -2.5, i8: -3n, b1: true });
  });
}

const views = ["1", "2", "3", "4", "5"].flatMap((p) => [
  `views-protocol${p}.pt`,
  `views-protocol${p}-legacy.pt`,
]);
for (const name of [...views, "views-deflated.pt"]) {
  test(`strides, offsets and shared storages: ${name}`, () => {
    const { tensors } = open(name);
    const of = (key: string) => [...(tensors.get(key)?.data ?? [])];
    assert.deepEqual(
      of("plain"),
      Array.from({ length: 24 }, (_, at) => at),
    );
    assert.deepEqual(of("transposed"), [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]);
    assert.deepEqual(of("channelsLast").slice(0, 8), [0, 3, 6, 9, 1, 4, 7, 10]);
    assert.deepEqual(of("sliced"), [5, 7, 13, 15]);
    assert.deepEqual(of("broadcast"), [7, 7, 7, 7, 7, 7]);
    assert.deepEqual(tensors.get("empty")?.shape, [0, 3]);
    assert.deepEqual([tensors.get("scalar")?.shape, of("scalar")], [[], [23]]);
    assert.deepEqual(
      [of("parameter"), of("old")],
      [
        [1, 2],
        [2, 3],
      ],
    );
  });
}

const kinds = ["little", "big", "little-legacy", "big-legacy", "big-old-legacy"];
for (const name of kinds.map((kind) => `kinds-${kind}.pt`)) {
  test(`every element type: ${name}`, () => {
    const { tensors } = open(name);
    const of = (key: string) => [...(tensors.get(key)?.data ?? [])].map(Number);
    const floats = [0.5, -2, Math.fround(1e30), Math.fround(1.1)];
    assert.deepEqual([of("Float"), of("Double")], [floats, floats]);
    assert.deepEqual(of("Half"), [0.5, -2, 65504, 2 ** -24]);
    assert.deepEqual(of("BFloat16").slice(0, 2), [0.5, -2]);
    for (const kind of ["Float", "Double", "Half", "BFloat16"])
      assert.equal(tensors.get(kind)?.dtype, "float32");
    assert.deepEqual(
      [of("Long"), of("Int")],
      [
        [1, -2, 2 ** 40, 0],
        [1, -2, 2 ** 30, 0],
      ],
    );
    assert.deepEqual(
      [of("Short"), of("Char")],
      [
        [1, -2, 2 ** 14, 0],
        [1, -2, 127, 0],
      ],
    );
    assert.deepEqual(
      [of("Byte"), of("Bool")],
      [
        [1, 254, 127, 0],
        [1, 0, 1, 0],
      ],
    );
  });
}

test("of several dictionaries the weights are taken, the choice is said, the rest listed", () => {
  const { tensors, warnings, ignoredKeys } = open("several-dictionaries.pt");
  assert.deepEqual([...(tensors.get("weight")?.data ?? [])], [1, 2]);
  assert.match(warnings[0]?.message ?? "", /'net' \(1 tensors\) was taken, not 'ema'/);
  assert.deepEqual(ignoredKeys, ["epoch", "best_prec1", "ema", "optimizer"]);
});

test("a number saved as a tensor beside the weights is listed, not taken for them", () => {
  const storage = new StorageReference({
    type: new StorageType("FloatStorage"),
    key: "0",
    offset: 0,
    elements: 4,
  });
  const tensor = (...shape: number[]) =>
    new TensorRecord(
      storage.view,
      0,
      shape,
      shape.map(() => 1),
    );
  const dict = (entries: Readonly<Record<string, PickleValue>>) => {
    const made = new PickleDict();
    for (const [key, value] of Object.entries(entries)) made.entries.set(key, value);
    return made;
  };
  const weights = dict({ "conv.weight": tensor(2), "bn.num_batches_tracked": tensor() });
  for (const best of [tensor(), tensor(1)]) {
    const { records, ignoredKeys, warnings } = chooseWeights(
      dict({ epoch: 3, state_dict: weights, best_acc1: best }),
      "file",
    );
    assert.deepEqual([...records.keys()], ["conv.weight", "bn.num_batches_tracked"]);
    assert.deepEqual([ignoredKeys, warnings], [["epoch", "best_acc1"], []]);
  }
  assert.deepEqual([...chooseWeights(dict({ weight: tensor() }), "file").records.keys()], ["weight"]);
  const classes = dict({ state_dict: weights, class_weights: tensor(10) });
  assert.deepEqual([...chooseWeights(classes, "file").records.keys()][0], "conv.weight");
  assert.match(
    chooseWeights(classes, "file").warnings[0]?.message ?? "",
    /'state_dict' .* not the top level/,
  );
  const bare = dict({ "fc.weight": tensor(2), model: weights });
  assert.deepEqual([...chooseWeights(bare, "file").records.keys()], ["fc.weight"]);
});

for (const name of ["evil.pt", "evil-legacy.pt"]) {
  test(`every global outside the list is refused by name, and nothing runs: ${name}`, () => {
    const { value } = refusal(() => open(name));
    assert.match(value, /'(posix|nt)\.system', '(__builtin__|builtins)\.eval'/);
  });
}

test("tensors outside their storage, of impossible size or without storage are refused by name", () => {
  assert.match(refusal(() => open("outside-storage.pt")).message, /'weight'.*element 3 of 2/);
  assert.match(refusal(() => open("huge-shape.pt")).message, /'weight'.*no more elements than the file/);
  assert.match(refusal(() => open("missing-storage.pt")).message, /'weight'.*no storage 'gone'/);
});
