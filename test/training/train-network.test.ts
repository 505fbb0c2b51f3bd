/** Whole training runs on a small made-up task: learning, going on, stopping. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { InferenceSession } from "onnxruntime-node";
import { randomUnit } from "#src/core/counter-random.js";
import type { ProgressEvent } from "#src/core/progress.js";
import { RespikeError } from "#src/core/respike-error.js";
import { float32Tensor } from "#src/core/tensor.js";
import type { ImageSet } from "#src/datasets/dataset.js";
import { encodeSafetensors } from "#src/formats/safetensors/encode-safetensors.js";
import { readCeilings } from "#src/graph/trained-ceilings.js";
import { makeBatchRunner } from "#src/library/batch-workers.js";
import { addCeilings, initialCeiling } from "#src/training/activations.js";
import { buildResnet } from "#src/training/build-resnet.js";
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  epochStart,
  noCost,
} from "#src/training/checkpoint.js";
import { loadEngine } from "#src/training/load-engine.js";
import { applyState } from "#src/training/network-state.js";
import { measureAccuracy, type TrainingOptions, trainNetwork } from "#src/training/train-network.js";

/** Noise with a bright row: the class is the row's number. */
const images: ImageSet = {
  n: 160,
  shape: [1, 8, 8],
  pixels: Uint8Array.from({ length: 160 * 64 }, (_, at) => {
    const [image, row] = [Math.floor(at / 64), Math.floor(at / 8) % 8];
    return 100 * randomUnit(2, at) + (row === 2 * (image % 4) ? 120 : 0);
  }),
  labels: Int32Array.from({ length: 160 }, (_, image) => image % 4),
};

const graph = buildResnet({
  input: [1, 8, 8],
  classes: 4,
  blocks: 1,
  width: 4,
  shortcut: "P",
  batchNormEpsilon: 1e-5,
  seed: 3,
});

const options: TrainingOptions = {
  schedule: { kind: "cosine", peak: 0.1, last: 0, warmUp: 1, epochs: 6 },
  batch: 16,
  momentum: 0.9,
  weightDecay: 5e-4,
  smoothing: 0.05,
  augmentation: { pad: 0, flip: true, rotate: 3, zoom: 0.05 },
  preprocessing: { name: "flags", range: "0..1", mean: [0.2], std: [0.3] },
  seed: 5,
  threads: 1,
  trained: Uint32Array.from({ length: 120 }, (_, at) => at),
  judged: Uint32Array.from({ length: 40 }, (_, at) => 120 + at),
};

/** Everything but the times it took, which no two runs share. */
const timeless = (checkpoint: Checkpoint): Checkpoint => ({
  ...checkpoint,
  cost: { ...noCost, images: checkpoint.cost.images },
});

test("a small task is learnt, and going on from a checkpoint gives the same bits", async () => {
  const kept: Uint8Array[] = [];
  const onEpoch = (checkpoint: Checkpoint) => void kept.push(encodeCheckpoint(checkpoint, "plan"));
  const whole = await trainNetwork(graph, images, { ...options, onEpoch });
  assert.equal(whole.history.length, 6);
  assert.equal(kept.length, 6);
  assert.ok((whole.history[whole.bestEpoch - 1]?.judgedAccuracy ?? 0) >= 0.95, JSON.stringify(whole.history));
  const checkpoint = decodeCheckpoint(kept[1] as Uint8Array, "kept", "plan");
  assert.equal(checkpoint.history.length, 2);
  const resumed = await trainNetwork(graph, images, { ...options, checkpoint });
  assert.deepEqual(timeless(resumed), timeless(whole));
  assert.deepEqual(decodeCheckpoint(kept[5] as Uint8Array, "kept", "plan").history, whole.history);
  assert.deepEqual(encodeCheckpoint(whole, "plan"), kept[5]);
});

test("stopped while an epoch is judged, a run goes on from its last step: the same bits, each image paid once", async () => {
  const whole = await trainNetwork(graph, images, options);
  const controller = new AbortController();
  let kept: Uint8Array | undefined;
  const onCheckpoint = (checkpoint: Checkpoint) => {
    if (checkpoint.history.length < 2 || checkpoint.position.step < 7) return;
    kept = encodeCheckpoint(checkpoint, "plan");
    // Arrives by the event loop, as a signal does: within the judging that follows.
    setImmediate(() => controller.abort(new Error("enough")));
  };
  const stopped = trainNetwork(graph, images, { ...options, signal: controller.signal, onCheckpoint });
  await assert.rejects(stopped, /enough/);
  const checkpoint = decodeCheckpoint(kept as Uint8Array, "kept", "plan");
  assert.deepEqual([checkpoint.history.length, checkpoint.position.step], [2, 7]);
  const resumed = await trainNetwork(graph, images, { ...options, checkpoint });
  assert.deepEqual(timeless(resumed), timeless(whole));
  assert.equal(resumed.cost.images, 6 * 7 * 16);
  assert.ok(resumed.cost.seconds > checkpoint.cost.seconds && resumed.cost.idle < resumed.cost.seconds);
});

test("while a checkpoint is written no second one is, and none is when the run has ended; what the last holds goes on to the same bits", async () => {
  let isWriting = false;
  const checkpoints: Checkpoint[] = [];
  const onCheckpoint = async (checkpoint: Checkpoint) => {
    assert.equal(isWriting, false);
    isWriting = true;
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    checkpoints.push(checkpoint);
    isWriting = false;
  };
  const controller = new AbortController();
  const stopAt = (checkpoint: Checkpoint) => {
    if (checkpoint.history.length === 2) controller.abort(new Error("enough"));
    return onCheckpoint(checkpoint);
  };
  await assert.rejects(
    trainNetwork(graph, images, {
      ...options,
      saveEvery: 1e-4,
      onCheckpoint: stopAt,
      signal: controller.signal,
    }),
    /enough/,
  );
  assert.equal(isWriting, false);
  assert.ok(checkpoints.length > 4, String(checkpoints.length));
  const checkpoint = checkpoints.at(-1) as Checkpoint;
  const resumed = await trainNetwork(graph, images, { ...options, checkpoint });
  const whole = await trainNetwork(graph, images, options);
  assert.deepEqual(timeless(resumed), timeless(whole));
});

test("a checkpoint that cannot be written ends the run with what stood in its way", async () => {
  const onCheckpoint = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    throw new Error("no space left");
  };
  await assert.rejects(trainNetwork(graph, images, { ...options, onCheckpoint }), /no space left/);
  await assert.rejects(
    trainNetwork(graph, images, { ...options, saveEvery: 1e-4, onCheckpoint }),
    /no space left/,
  );
});

test("progress is one phase, so that its rate can be measured; the loss and the engine's idle share stand in the note", async () => {
  const phases = new Set<string>();
  const notes: (string | undefined)[] = [];
  const onProgress = ({ phase, note }: ProgressEvent) => {
    phases.add(phase);
    notes.push(note);
  };
  await trainNetwork(graph, images, { ...options, onProgress });
  assert.deepEqual([...phases], ["training"]);
  assert.match(notes.at(-1) ?? "", /^epoch 6 of 6, loss \d\.\d{3}, engine idle \d+\.\d %$/);
});

test("with rounded activations the task is learnt too, ceilings move, and workers change no bit", async () => {
  const rounded: TrainingOptions = {
    ...options,
    activation: { kind: "qcfs", levels: 8 },
    ceilingDecay: 1e-3,
  };
  const trained = await trainNetwork(graph, images, { ...rounded, runner: makeBatchRunner(2) });
  const accuracy = trained.history[trained.bestEpoch - 1]?.judgedAccuracy ?? 0;
  assert.ok(accuracy >= 0.9, JSON.stringify(trained.history));
  const best = applyState(addCeilings(graph, { kind: "qcfs", levels: 8 }), trained.best);
  const ceilings = [...readCeilings(best).values()];
  assert.ok(ceilings.length === 7 && ceilings.every((each) => each !== initialCeiling), String(ceilings));
  const { judged, batch, preprocessing, threads, activation } = rounded;
  const judging = { judged, batch, preprocessing, threads, activation };
  assert.equal(await measureAccuracy(graph, images, trained.best, judging), accuracy);
  assert.deepEqual(timeless(await trainNetwork(graph, images, rounded)), timeless(trained));
});

test("a checkpoint of another plan, cut off or of another kind is refused", () => {
  const state = new Map([["w", Float32Array.of(1, 2)]]);
  const bytes = encodeCheckpoint(
    { state, best: state, bestEpoch: 0, history: [], position: epochStart, cost: noCost },
    "one",
  );
  assert.deepEqual(decodeCheckpoint(bytes, "file", "one").state, state);
  const refusal = (value: RegExp) => (error: unknown) =>
    error instanceof RespikeError && error.exitCode === 3 && value.test(error.message);
  assert.throws(() => decodeCheckpoint(bytes, "file", "two"), {
    exitCode: 2,
    code: "run-differs",
    value: 'plan: "one" there, "two" now',
  });
  assert.throws(() => decodeCheckpoint(bytes.subarray(0, -1), "file", "one"), refusal(/cut off/));
  const weights = encodeSafetensors(new Map([["w", float32Tensor([2], [1, 2])]]));
  assert.throws(() => decodeCheckpoint(weights, "file", "one"), refusal(/curve/));
});

test("a run with another seed gives other weights", async () => {
  const short: TrainingOptions = { ...options, schedule: { kind: "step", rates: [0.1], ends: [1] } };
  const one = await trainNetwork(graph, images, short);
  const two = await trainNetwork(graph, images, { ...short, seed: 6 });
  assert.notDeepEqual(one.state.get("linear.weight"), two.state.get("linear.weight"));
});

test("a loss that is no number stops the run and names the step", async () => {
  const schedule = { kind: "step", rates: [1e20], ends: [3] } as const;
  await assert.rejects(trainNetwork(graph, images, { ...options, schedule }), (error) => {
    assert.ok(error instanceof RespikeError);
    assert.equal(error.exitCode, 4);
    assert.match(error.where, /^epoch \d, step [2-9]$/);
    return true;
  });
});

test("weights that are no numbers after the last step are not kept, though its loss was one: step and tensor are named", async () => {
  const kept: Checkpoint[] = [];
  const keep = (checkpoint: Checkpoint) => void kept.push(checkpoint);
  const last: TrainingOptions = {
    ...options,
    ...{ schedule: { kind: "step", rates: [3e38], ends: [1] }, weightDecay: 1e4 },
    ...{ batch: 120, onEpoch: keep, onCheckpoint: keep },
  };
  await assert.rejects(trainNetwork(graph, images, last), (error) => {
    assert.ok(error instanceof RespikeError);
    assert.deepEqual([error.exitCode, error.code], [4, "training-diverged"]);
    assert.equal(error.where, "epoch 1, step 1");
    assert.equal(error.rule, "weights and momenta are finite");
    assert.match(error.value, /^conv1\.weight\[\d+\] is -?(Infinity|NaN)$/);
    return true;
  });
  assert.deepEqual(kept, []);
});

/** How many sessions are open; the opening of the session of that number fails. */
function countSessions(t: TestContext, failing: number): { readonly opened: number; readonly open: number } {
  const count = { opened: 0, open: 0 };
  const create = InferenceSession.create as (...words: unknown[]) => Promise<InferenceSession>;
  t.mock.method(InferenceSession, "create", async (...words: unknown[]) => {
    if (++count.opened === failing) throw new Error("no memory");
    const session = await create.apply(InferenceSession, words);
    count.open++;
    const release = session.release.bind(session);
    session.release = () => {
      count.open--;
      return release();
    };
    return session;
  });
  return count;
}

for (const [what, failing, broken, says] of [
  ["the state does not fit", 0, { checkpoint: "empty" }, /no values in the state/],
  ["the judging session cannot be opened", 2, {}, /no memory/],
  ["the batches cannot be made", 0, { batch: 16, trained: Uint32Array.of(1, 2) }, /at most the 2 images/],
] as const) {
  test(`where ${what}, the sessions opened before are released`, async (t) => {
    const count = countSessions(t, failing);
    const empty = {
      state: new Map(),
      best: new Map(),
      bestEpoch: 0,
      history: [],
      position: epochStart,
      cost: noCost,
    };
    const more = "checkpoint" in broken ? { checkpoint: empty } : broken;
    await assert.rejects(trainNetwork(graph, images, { ...options, lowering: "plain", ...more }), says);
    assert.deepEqual([count.opened > 0, count.open], [true, 0]);
  });
}

test("an aborted run stops with the signal's reason", async () => {
  const controller = new AbortController();
  const onProgress = () => controller.abort(new Error("enough"));
  await assert.rejects(
    trainNetwork(graph, images, { ...options, signal: controller.signal, onProgress }),
    /enough/,
  );
});

test("without the engine the error names the command that installs it", async () => {
  await assert.rejects(loadEngine("onnxruntime-nowhere"), (error) => {
    assert.ok(error instanceof RespikeError);
    assert.equal(error.exitCode, 5);
    assert.equal(error.next, "npm install onnxruntime-nowhere");
    return true;
  });
});
