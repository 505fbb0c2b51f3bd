/** The saved network there and back; everything in it checked; damage refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { randomWord } from "#src/core/counter-random.js";
import { RespikeError } from "#src/core/respike-error.js";
import { parseModel } from "#src/formats/parse-model.js";
import { encodeSafetensors } from "#src/formats/safetensors/encode-safetensors.js";
import { parseSafetensors } from "#src/formats/safetensors/parse-safetensors.js";
import { decodeSnn, isSnn } from "#src/formats/snn/decode-snn.js";
import { encodeSnn } from "#src/formats/snn/encode-snn.js";
import { printGraph } from "#src/graph/print-graph.js";
import { makeSmallSnn } from "../snn-reader/small-snns.js";
import { makeWeights, writeLegacyCheckpoint, writeZipCheckpoint } from "./write-checkpoints.js";

const snn = makeSmallSnn({ number: "int16" });
const bytes = encodeSnn(snn);
const seed = Number(process.env.RESPIKE_TEST_SEED ?? 20261125);

/** The file with its JSON changed. */
function changeJson(change: (json: Record<string, never>) => void): Uint8Array {
  const { tensors, metadata } = parseSafetensors(bytes, "snn", false);
  const json = JSON.parse(metadata.respike as string);
  change(json);
  return encodeSafetensors(tensors, { respike: JSON.stringify(json) });
}
const refused = (damaged: Uint8Array, pattern: RegExp) =>
  assert.throws(
    () => decodeSnn(damaged, "file"),
    (error) => {
      assert.ok(error instanceof RespikeError, String(error));
      assert.match(error.message, pattern);
      return error.exitCode === 3;
    },
  );

test("save, load, save: the same bytes, the same network", () => {
  for (const number of ["int16", "int32", "float32"] as const) {
    const made = makeSmallSnn({ number });
    const saved = encodeSnn(made);
    assert.deepEqual(encodeSnn(makeSmallSnn({ number })), saved);
    const loaded = decodeSnn(saved);
    assert.deepEqual(loaded, made);
    assert.deepEqual(encodeSnn(loaded), saved);
  }
});

test("the order of keys in options changes no byte; a certificate is kept", () => {
  const shuffled = { ...snn, options: { readout: "mean", delay: 0, T: 24 } };
  assert.deepEqual(encodeSnn(shuffled), bytes);
  const certified = { ...snn, certificate: { bound: [1, 2] } };
  assert.deepEqual(decodeSnn(encodeSnn(certified)).certificate, { bound: [1, 2] });
});

test("the file is a safetensors file with the fields of the contract", () => {
  const { tensors, metadata } = parseSafetensors(bytes, "snn", false);
  const json = JSON.parse(metadata.respike as string);
  assert.equal(json.schema, "respike.snn/1");
  assert.deepEqual(Object.keys(json), [...Object.keys(json)].sort());
  assert.deepEqual(json.nodes[1].tensors, { weight: "c1/weight" });
  assert.equal(tensors.get("n1/threshold")?.dtype, "int32");
  assert.ok(tensors.has("network/fc/bias"));
});

test("numbers that JSON cannot hold are a defect of the caller", () => {
  assert.throws(() => encodeSnn({ ...snn, options: { T: Number.NaN } }), RangeError);
});

test("a saved network is recognised, and refused where a model is wanted", () => {
  assert.ok(isSnn(bytes));
  assert.ok(!isSnn(encodeSafetensors(new Map(), { respike: '{"arch":"resnet8"}' })));
  assert.ok(!isSnn(new Uint8Array(3)));
  for (const file of [bytes, bytes.subarray(0, bytes.length - 100)])
    assert.throws(() => parseModel(file), /saved spiking network.*run, evaluate, diagnose or inspect/);
  assert.throws(() => decodeSnn(bytes.subarray(0, bytes.length - 100), "a.snn"), {
    message: /^a\.snn: .*cut off or damaged.*; convert again/,
  });
});

test("where a saved network is wanted, a model is named as one, and convert is what comes next", () => {
  const weights = makeWeights({ blocks: 1, shortcut: "A" });
  const legacy = writeLegacyCheckpoint(weights);
  for (const model of [legacy, writeZipCheckpoint(weights), encodeSafetensors(weights, { respike: "{}" })])
    refused(model, /(PyTorch checkpoint|not converted).*respike convert MODEL/);
});

test("everything in the JSON is checked", () => {
  // biome-ignore lint/suspicious/noExplicitAny: the changes below break types on purpose
  const change = (edit: (json: any) => void) => changeJson(edit as never);
  refused(
    change((json) => delete json.nodes),
    /nodes/,
  );
  refused(
    change((json) => json.nodes.push(5)),
    /nodes/,
  );
  refused(
    change((json) => {
      json.schema = "respike.snn/2";
    }),
    /respike\.snn\/1/,
  );
  refused(
    change((json) => {
      json.nodes[1].op = "relu";
    }),
    /'relu'/,
  );
  refused(
    change((json) => {
      json.nodes[1].tensors.weight = "gone";
    }),
    /no 'gone'.*\n.*'c1\/weight' does not/,
  );
  refused(
    change((json) => {
      json.nodes[1].attributes.stride = [0, 1];
    }),
    /c1 \(conv\).*stride/,
  );
  refused(
    change((json) => {
      json.nodes[1].inputs = ["later"];
    }),
    /'later'/,
  );
  refused(
    change((json) => {
      json.layers[0].name = "other";
    }),
    /layers lists/,
  );
  refused(
    change((json) => {
      json.layers[0].activation = "other";
    }),
    /'other'/,
  );
  refused(
    change((json) => {
      json.layers[0].lambda = [1, 2];
    }),
    /one λ/,
  );
  refused(
    change((json) => {
      json.preprocessing.mean = [1, 2, 3];
    }),
    /mean/,
  );
  refused(
    change((json) => {
      json.preprocessing.std = [0];
    }),
    /preprocessing\.std/,
  );
  refused(
    change((json) => {
      json.nodes[7].attributes.before = [1_000_000, 1_000_000, 1_000_000];
    }),
    /'wide'|values|operands/,
  );
  refused(encodeSafetensors(new Map()), /metadata 'respike'/);
  refused(encodeSafetensors(new Map(), { respike: '{"schema":"respike.snn/1","schema":1}' }), /unique/);
});

test(`bytes cut off or flipped: refused, or a whole network (seed ${seed})`, () => {
  const whole = printGraph(decodeSnn(bytes).graph);
  for (let k = 0; k < 600; k++) {
    const damaged = k % 3 === 0 ? bytes.slice(0, randomWord(seed, 1, k) % bytes.length) : bytes.slice();
    const at: number = randomWord(seed, 2, k) % Math.max(damaged.length, 1);
    if (k % 3 !== 0) damaged[at] = (damaged[at] as number) ^ (1 << (randomWord(seed, 3, k) % 8));
    try {
      const { graph } = decodeSnn(damaged);
      assert.equal(graph.nodes.length, snn.graph.nodes.length, `byte ${at}, case ${k}, seed ${seed}`);
      if (at >= bytes.length - 2000)
        assert.equal(printGraph(graph), whole, `byte ${at}, case ${k}, seed ${seed}`);
    } catch (error) {
      assert.ok(error instanceof RespikeError, `byte ${at}, case ${k}, seed ${seed}: ${error}`);
      assert.equal(error.exitCode, 3);
    }
  }
});
