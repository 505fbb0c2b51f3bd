/**
 * One suite that every format of the list passes: recognise, parse, and survive damage.
 *
 * A format added to src/formats/format-list.ts fails here until it has a sample below.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { randomWord } from "#src/core/counter-random.js";
import { RespikeError } from "#src/core/respike-error.js";
import type { ParsedModel } from "#src/formats/format.js";
import { formats } from "#src/formats/format-list.js";
import { parseModel } from "#src/formats/parse-model.js";
import { nameTensors } from "#src/formats/pytorch/name-tensors.js";
import { readZipCheckpoint } from "#src/formats/pytorch/read-zip-checkpoint.js";
import { encodeSafetensors } from "#src/formats/safetensors/encode-safetensors.js";
import { printGraph } from "#src/graph/print-graph.js";
import { changedLater, hostileFiles } from "./hostile-checkpoints.js";
import { makeWeights, writeLegacyCheckpoint, writeZipCheckpoint } from "./write-checkpoints.js";

const weights = makeWeights({ blocks: 1, shortcut: "P", prefix: "module." });
const samples: Readonly<Record<string, Uint8Array>> = {
  "pytorch-legacy": writeLegacyCheckpoint(weights),
  "pytorch-zip": writeZipCheckpoint(weights),
  safetensors: encodeSafetensors(weights, { arch: "resnet8" }),
};
/** A zip's checksums catch every damaged weight; the other two have none, so a flipped weight is a weight. */
const hasChecksums: readonly string[] = ["pytorch-zip"];
const seed = Number(process.env.RESPIKE_TEST_SEED ?? 20261125);

/** The graph of damaged bytes, or null where they were refused in the way that errors are. */
function parseDamaged(bytes: Uint8Array, how: string): ParsedModel | null {
  try {
    return parseModel(bytes, { fileName: "damaged" });
  } catch (error) {
    assert.ok(error instanceof RespikeError, `${how}: ${error instanceof Error ? error.stack : error}`);
    assert.equal(error.exitCode, 3, how);
    for (const { code, where, rule, value, next } of error.problems) {
      for (const text of [code, where, rule, value, next]) assert.ok(text.length > 0, how);
      if (code === "bad-file") assert.match(where, /^damaged(, |$)/, `${how}: the file is named`);
    }
    return null;
  }
}

const fingerprint = ({ graph }: ParsedModel) => {
  const values = graph.nodes.flatMap(({ tensors }) =>
    Object.values(tensors).map(({ data }) => Number(data[0] ?? 0)),
  );
  return `${printGraph(graph)}${values.join()}`;
};

for (const format of formats) {
  const sample = samples[format.name];
  test(`${format.name}: recognised by itself alone, parsed whole`, () => {
    assert.ok(sample !== undefined, "every format of the list has a sample here");
    assert.deepEqual(
      formats.filter((one) => one.matches(sample)).map(({ name }) => name),
      [format.name],
    );
    const model = parseModel(sample, { fileName: "sample" });
    assert.equal(model.format, format.name);
    assert.equal(model.arch, "resnet8, option P");
    assert.equal(model.graph.node("layer3.0.conv2").tensors.weight?.data.length, 64 * 64 * 9);
    assert.ok(model.evidence.length > 0);
    assert.equal(fingerprint(model), fingerprint(parseModel(sample.slice(), { fileName: "sample" })));
  });

  test(`${format.name}: bytes at an offset within a larger buffer give the same network`, () => {
    assert.ok(sample !== undefined);
    const larger = new Uint8Array(sample.length + 11).fill(0x55);
    larger.set(sample, 3);
    const model = parseModel(larger.subarray(3, 3 + sample.length), { fileName: "sample" });
    assert.equal(fingerprint(model), fingerprint(parseModel(sample)));
  });

  test(`${format.name}: a Buffer is read like bytes, and not written to`, () => {
    assert.ok(sample !== undefined);
    const buffer = Buffer.from(sample);
    assert.equal(fingerprint(parseModel(buffer)), fingerprint(parseModel(sample)));
    assert.deepEqual(new Uint8Array(buffer), sample);
  });

  test(`${format.name}: cut off anywhere, it is refused`, () => {
    assert.ok(sample !== undefined);
    const cuts = [
      0,
      1,
      2,
      3,
      4,
      5,
      7,
      8,
      9,
      15,
      16,
      30,
      31,
      64,
      100,
      1000,
      sample.length - 1,
      sample.length - 9,
    ];
    for (let k = 0; k < 60; k++) cuts.push(randomWord(seed, 1, k) % sample.length);
    for (const cut of cuts) {
      assert.equal(parseDamaged(sample.slice(0, cut), `cut at ${cut}, seed ${seed}`), null, `cut at ${cut}`);
    }
  });

  test(`${format.name}: bytes flipped, it is refused or a whole network (seed ${seed})`, () => {
    assert.ok(sample !== undefined);
    const whole = printGraph(parseModel(sample).graph);
    const head = Math.min(sample.length, 20_000);
    for (let k = 0; k < 250; k++) {
      // Most of a file is weights: half of the flips go to the head or the tail, where the structure stands.
      const area = k % 4;
      const word = randomWord(seed, 2, k);
      const at =
        area === 0 ? word % head : area === 1 ? sample.length - 1 - (word % head) : word % sample.length;
      const damaged = sample.slice();
      damaged[at] = (damaged[at] as number) ^ (1 + (randomWord(seed, 3, k) % 255));
      const how: string = `byte ${at}, flip ${k}, seed ${seed}`;
      const model = parseDamaged(damaged, how);
      if (model === null) continue;
      assert.equal(printGraph(model.graph), whole, how);
      if (hasChecksums.includes(format.name))
        assert.equal(fingerprint(model), fingerprint(parseModel(sample)), how);
    }
  });
}

const text = (content: string) => new TextEncoder().encode(content);
const foreign: readonly (readonly [name: string, bytes: Uint8Array, kind: RegExp])[] = [
  ["nothing", new Uint8Array(0), /an empty file/],
  ["onnx", Uint8Array.of(8, 8, 0x12, 7, 112, 121, 116, 111, 114, 99, 104), /ONNX/],
  ["h5", Uint8Array.of(0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10, 0), /HDF5/],
  ["tflite", Uint8Array.of(28, 0, 0, 0, 0x54, 0x46, 0x4c, 0x33), /TensorFlow Lite/],
  ["npy", Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0), /numpy/],
  ["png", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10), /PNG/],
  ["html", text("<!DOCTYPE html><html>404</html>"), /HTML/],
  ["lfs", text("version https://git-lfs.github.com/spec/v1\noid sha256:00\n"), /LFS/],
  ["text", text("hello, world\n"), /text/],
  ["pickle", Uint8Array.of(0x80, 2, 0x7d, 0x2e), /pickle that torch.save did not write/],
  ["noise", Uint8Array.from({ length: 4000 }, (_, at) => randomWord(7, at)), /nothing known/],
];
for (const [name, bytes, kind] of foreign) {
  test(`a file of another kind is refused and named: ${name}`, () => {
    assert.throws(
      () => parseModel(bytes, { fileName: name }),
      (error) => error instanceof RespikeError && error.exitCode === 3 && kind.test(error.value),
    );
  });
}

for (const { name, bytes, refusal } of hostileFiles) {
  test(`a hostile PyTorch file is refused: ${name}`, () => {
    assert.throws(
      () => parseModel(bytes, { fileName: "hostile" }),
      (error) => {
        assert.ok(error instanceof RespikeError, String(error));
        assert.match(error.message, refusal);
        return error.exitCode === 3;
      },
    );
  });
}

test("a list that the pickle changes after a tensor was made of it does not change the tensor", () => {
  const { tensors } = nameTensors(readZipCheckpoint(changedLater, "file"), "file");
  assert.deepEqual(tensors.get("weight")?.shape, [2]);
});
