/** `respike train` as a user calls it: learning, stopping at any moment and going on, diverging, refusing. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeNpy } from "#src/datasets/npy.js";
import { call, callJson, start } from "./call-respike.js";

const at = mkdtempSync(join(tmpdir(), "respike-train-"));
after(() => rmSync(at, { recursive: true, force: true }));

/** 320 images of noise with a bright row, which is the class. */
const n = 320;
let state = 7;
const pixels = Uint8Array.from({ length: n * 256 }, (_, place) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  const [image, row] = [Math.floor(place / 256), Math.floor(place / 16) % 16];
  return (state >>> 25) + (row === 2 + 3 * (image % 4) ? 120 : 0);
});
writeFileSync(join(at, "i.npy"), encodeNpy([n, 1, 16, 16], pixels));
writeFileSync(
  join(at, "l.npy"),
  encodeNpy(
    [n],
    Uint8Array.from({ length: n }, (_, image) => image % 4),
  ),
);

const training = (...more: string[]) => [
  ...["train", "resnet8", "--data", "i.npy,l.npy", "--epochs", "4", "--batch", "32", "--threads", "1"],
  ...["--seed", "3", "--progress", "none", ...more],
];

interface Result {
  readonly model: { readonly path: string; readonly sha256: string };
  readonly test: { readonly accuracy: number; readonly n: number };
  readonly engineIdle: number;
  readonly curve: readonly { readonly loss: number }[];
}

let whole: Result;

test("a small task is learnt; network, provenance, curve and report are written", async () => {
  const { code, doc, err } = await callJson(at, ...training("-o", "a.safetensors", "--out", "a"));
  assert.equal(code, 0, err);
  whole = doc.result as unknown as Result;
  assert.deepEqual([whole.curve.length, whole.test.n], [4, n]);
  assert.ok((whole.curve.at(-1)?.loss ?? 9) < 0.7 * (whole.curve[0]?.loss ?? 0), JSON.stringify(whole.curve));
  assert.ok(whole.engineIdle > 0 && whole.engineIdle < 1);
  const provenance = JSON.parse(readFileSync(join(at, "a.provenance.json"), "utf8"));
  assert.equal(provenance.sha256, whole.model.sha256);
  assert.match(provenance.command, /^respike train resnet8 --data i\.npy,l\.npy .*--seed 3$/);
  assert.deepEqual(provenance.curve, whole.curve);
  assert.equal(readFileSync(join(at, "a", "curve.csv"), "utf8").split("\n").length, 6);
  const lines = readFileSync(join(at, "a", "progress.jsonl"), "utf8")
    .trimEnd()
    .split("\n");
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    whole.curve,
  );
  const report = readFileSync(join(at, "a", "report.html"), "utf8");
  assert.ok(report.includes("Accuracy by epoch") && report.includes("Finished:"));
  assert.ok(existsSync(join(at, "a", "plots", "loss-by-epoch.svg")));
  const inspected = await callJson(at, "inspect", "a.safetensors");
  assert.equal(inspected.doc.result.arch, "resnet8, option P");
});

/** Calls `train` and ends it with a signal once its checkpoint is within an epoch or later. */
async function stopWithin(out: string, signal: NodeJS.Signals, words: readonly string[]) {
  const { child, done } = start(at, words);
  const checkpoint = join(at, out, "checkpoint.safetensors");
  while (!existsSync(checkpoint) && child.exitCode === null) await sleep(5);
  child.kill(signal);
  return done;
}

for (const [signal, code] of [
  ["SIGKILL", null],
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  test(`stopped by ${signal}, --resume ends at the same bits`, async () => {
    const [out, file] = [`run-${signal}`, `${signal}.safetensors`];
    const stopped = await stopWithin(out, signal, training("-o", file, "--out", out));
    assert.equal(stopped.code, code, stopped.err);
    assert.equal(existsSync(join(at, file)), false);
    assert.equal(existsSync(join(at, out, "results.json")), false);
    const resumed = await callJson(at, ...training("-o", file, "--out", out, "--resume"));
    assert.equal(resumed.code, 0, resumed.err);
    const result = resumed.doc.result as unknown as Result;
    assert.equal(result.model.sha256, whole.model.sha256);
    assert.deepEqual(result.curve, whole.curve);
  });
}

test("a run is not resumed with another recipe: the difference is named", async () => {
  const words = training("-o", "b.safetensors", "--out", "a", "--resume", "--weight-decay", "0.25");
  const { code, doc } = await callJson(at, ...words);
  assert.equal(code, 3);
  assert.match(doc.errors[0]?.value ?? "", /weightDecay: 0\.0005 there, 0\.25 now/);
});

test("a run that diverges stops with exit 4 and names step and layer", async () => {
  const words = training("-o", "c.safetensors", "--out", "c", "--rate", "1e30", "--warm-up", "0");
  const { code, doc } = await callJson(at, ...words);
  assert.equal(code, 4);
  const [problem] = doc.errors;
  assert.equal(problem?.code, "training-diverged");
  assert.match(problem?.where ?? "", /^epoch 1, step \d+$/);
  assert.match(problem?.value ?? "", /conv|bn|linear|relu|shortcut|add|pool/);
});

test("plain networks train, and the file is read back as one", async () => {
  const words = ["train", "plain20", "--data", "i.npy,l.npy", "--epochs", "1", "--batch", "32"];
  const { code, doc, err } = await callJson(at, ...words, "-o", "p.safetensors", "--out", "p");
  assert.equal(code, 0, err);
  assert.equal((doc.result as unknown as { shortcut: string }).shortcut, "none");
  assert.equal((await callJson(at, "inspect", "p.safetensors")).doc.result.arch, "plain20");
});

const refusals: readonly (readonly [name: string, words: readonly string[], code: number, says: RegExp])[] = [
  [
    "an unknown architecture",
    ["resnet21", "--data", "i.npy,l.npy", "-o", "x.safetensors"],
    2,
    /one of resnet8/,
  ],
  ["no data and no file", ["resnet8"], 2, /-o[\s\S]*--data/],
  [
    "shortcuts of a plain network",
    ["plain20", "--data", "i.npy,l.npy", "-o", "x.safetensors", "--shortcut", "A"],
    2,
    /plain networks have no shortcuts/,
  ],
  [
    "warm-up of steps",
    [
      ...["resnet8", "--data", "i.npy,l.npy", "-o", "x.safetensors"],
      ...["--preset", "paper", "--warm-up", "2"],
    ],
    2,
    /only a cosine is warmed up/,
  ],
  [
    "a batch larger than the data",
    ["resnet8", "--data", "i.npy,l.npy", "-o", "x.safetensors", "--batch", "4096", "--out", "x"],
    2,
    /batch/,
  ],
  ["an existing file", ["resnet8", "--data", "i.npy,l.npy", "-o", "a.safetensors"], 2, /not overwritten/],
];

for (const [name, words, code, says] of refusals) {
  test(`${name} is refused with exit ${code}`, async () => {
    const refused = await call(at, "train", ...words);
    assert.equal(refused.code, code, refused.err);
    assert.match(refused.err, says);
  });
}
