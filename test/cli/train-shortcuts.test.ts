/** `respike train --shortcut A|B|avg`: the file is the network that was trained, and goes on to spikes. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { stableJson } from "#src/core/sha256.js";
import { parseNpy } from "#src/datasets/npy.js";
import { plainBackend } from "#src/inference/plain-backend.js";
import { loadModel } from "#src/library/load-model.js";
import { buildResnet } from "#src/training/build-resnet.js";
import { decodeCheckpoint } from "#src/training/checkpoint.js";
import { EvaluationSession } from "#src/training/engine-session.js";
import { takeImages } from "#src/training/image-batches.js";
import { loadEngine } from "#src/training/load-engine.js";
import { lowerToEvaluationGraph } from "#src/training/lower-to-training-graph.js";
import { callJson } from "./call-respike.js";
import { at, n, training } from "./small-training.js";

interface Result {
  readonly shortcut: string;
  readonly test: { readonly correct: number };
}

const compared = 16;
const shape = [1, 16, 16] as const;

/** Preprocessed images [N,C,H,W], the first ones of the small data set. */
function readImages(preprocessing: Parameters<typeof takeImages>[3]): Float32Array {
  const pixels = parseNpy(new Uint8Array(readFileSync(join(at, "i.npy")))).data as Uint8Array;
  const set = { n, shape, pixels, labels: new Int32Array(n) };
  return takeImages(
    set,
    Uint32Array.from({ length: compared }, (_, place) => place),
    compared,
    preprocessing,
  );
}

/** The engine's outputs for the state that the run kept as its best, in a network built anew. */
async function runCheckpoint(run: string, shortcut: "A" | "B" | "avg", images: Float32Array) {
  const path = join(at, run, "checkpoint.safetensors");
  const config = JSON.parse(readFileSync(join(at, run, "config.json"), "utf8"));
  const { best } = decodeCheckpoint(new Uint8Array(readFileSync(path)), path, stableJson(config.run));
  const plan = { input: shape, classes: 4, blocks: 1, width: 16, batchNormEpsilon: 1e-5, seed: 9 } as const;
  const engine = await loadEngine();
  const compiled = lowerToEvaluationGraph(buildResnet({ ...plan, shortcut }), compared);
  const session = await EvaluationSession.open(engine, compiled, 1);
  const logits = await session.run(new engine.Tensor("float32", images, [compared, ...shape]), best);
  await session.release();
  return logits;
}

for (const shortcut of ["A", "B", "avg"] as const) {
  test(`option ${shortcut}: the file's outputs are the trained network's within 1e-4, and its conversion evaluates`, async () => {
    const file = `${shortcut}.safetensors`;
    const words = training("--shortcut", shortcut, "--epochs", "2", "-o", file, "--out", shortcut);
    const trained = await callJson(at, ...words);
    assert.equal(trained.code, 0, trained.err);
    const result = trained.doc.result as unknown as Result;
    assert.equal(result.shortcut, shortcut);

    const model = await loadModel(join(at, file));
    assert.equal(model.arch, `resnet8, option ${shortcut}`);
    assert.ok(model.preprocessing !== null);
    const images = readImages(model.preprocessing);
    const network = await plainBackend.prepare(model.graph);
    const output = model.graph.output.id;
    const values = network.run(images, compared, [output]).get(output) ?? new Float32Array();
    const logits = await runCheckpoint(shortcut, shortcut, images);
    assert.equal(values.length, 4 * compared);
    const worst = Math.max(...values.map((value, place) => Math.abs(value - (logits[place] as number))));
    assert.ok(worst < 1e-4, String(worst));
    assert.ok(Math.max(...logits) - Math.min(...logits) > 0.1, "a network that answers");

    const snn = `${shortcut}.snn.safetensors`;
    const calibrate = ["--calibrate", "i.npy,l.npy", "--calibrate-n", "64"];
    const converted = await callJson(
      at,
      "convert",
      file,
      ...calibrate,
      "-T",
      "8",
      "--threads",
      "1",
      "-o",
      snn,
    );
    assert.equal(converted.code, 0, converted.err);
    const evaluated = await callJson(
      at,
      "evaluate",
      snn,
      "--data",
      "i.npy,l.npy",
      "-T",
      "8",
      "--out",
      `e-${shortcut}`,
    );
    assert.equal(evaluated.code, 0, evaluated.err);
    const { ann } = evaluated.doc.result as unknown as { readonly ann: { readonly correct: number } };
    assert.equal(ann.correct, result.test.correct);
  });
}
