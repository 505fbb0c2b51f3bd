/** `respike train` where it must end without a network: diverging, without its engine, wrong calls. */
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { encodeNpy } from "#src/datasets/npy.js";
import { call, callJson, type Envelope, model, root, start } from "./call-respike.js";
import { at, training } from "./small-training.js";

test("a run that diverges stops with exit 4 and names step and layer", async () => {
  const words = training("-o", "c.safetensors", "--out", "c", "--rate", "1e30", "--warm-up", "0");
  const { code, doc } = await callJson(at, ...words);
  assert.equal(code, 4);
  const [problem] = doc.errors;
  assert.equal(problem?.code, "training-diverged");
  assert.match(problem?.where ?? "", /^epoch 1, step \d+$/);
  assert.match(problem?.value ?? "", /conv|bn|linear|relu|shortcut|add|pool/);
});

test("weights that are no numbers after the last step are not saved: exit 4 names the step and the tensor", async () => {
  const words = [
    ...["--rate", "3e38", "--weight-decay", "1e4", "--preset", "paper", "--epochs", "1", "--batch", "288"],
    ...["-o", "last.safetensors", "--out", "last"],
  ];
  const { code, doc } = await callJson(at, ...training(...words));
  assert.equal(code, 4);
  const [problem] = doc.errors;
  assert.equal(problem?.where, "epoch 1, step 1");
  assert.match(problem?.value ?? "", /^conv1\.weight\[\d+\] is -?(Infinity|NaN)$/);
  for (const name of ["last.safetensors", "last/results.json", "last/checkpoint.safetensors"])
    assert.equal(existsSync(join(at, name)), false, name);
});

test("a batch whose step does not fit into memory is refused with exit 2 before anything is written", async () => {
  const many = 65_536;
  writeFileSync(join(at, "many.npy"), encodeNpy([many, 1, 32, 32], new Uint8Array(many * 1024)));
  const labels = Uint8Array.from({ length: many }, (_, image) => image % 4);
  writeFileSync(join(at, "many-l.npy"), encodeNpy([many], labels));
  const words = ["train", "resnet110", "--data", "many.npy,many-l.npy", "--batch", "60000"];
  const { code, doc } = await callJson(at, ...words, "-o", "many.safetensors", "--out", "many");
  assert.equal(code, 2);
  const [problem] = doc.errors;
  assert.deepEqual([problem?.code, problem?.where], ["too-little-memory", "--batch"]);
  assert.match(problem?.value ?? "", /^60000 images need about \d{3}\.\d GB, free are [\d.]+ [GM]B$/);
  assert.match(problem?.next ?? "", /--batch \d+, the largest that fits|free some memory/);
  for (const name of ["many.safetensors", "many"]) assert.equal(existsSync(join(at, name)), false, name);
});

test("without onnxruntime-node training ends with exit 5 and the line that installs it; the rest works", async () => {
  const bare = join(at, "bare");
  const package_ = join(bare, "node_modules", "respike");
  mkdirSync(package_, { recursive: true });
  cpSync(join(root, "dist"), join(package_, "dist"), { recursive: true });
  cpSync(join(root, "package.json"), join(package_, "package.json"));
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(bare, "node_modules", name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(bare, "node_modules", name), "junction");
  }
  const main = join(package_, "dist", "cli", "main.js");
  const words = training("-o", "none.safetensors", "--out", "none");
  const trained = await start(at, [...words, "--json"], main).done;
  assert.equal(trained.code, 5, trained.err);
  const { errors } = JSON.parse(trained.out) as Envelope;
  assert.deepEqual([errors[0]?.code, errors[0]?.next], ["engine-missing", "npm install onnxruntime-node"]);
  assert.equal(existsSync(join(at, "none")), false);
  const inspected = await start(at, ["inspect", model], main).done;
  assert.equal(inspected.code, 0, inspected.err);
});

writeFileSync(join(at, "is.safetensors"), "");

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
  [
    "a ceiling that no activation has",
    ["resnet8", "--data", "i.npy,l.npy", "-o", "x.safetensors", "--ceiling", "2"],
    2,
    /only activations clip and qcfs/,
  ],
  [
    "a file of another format",
    ["resnet8", "--data", "i.npy,l.npy", "-o", "kept/x.pth"],
    2,
    /'kept\/x\.pth'[\s\S]*write -o kept\/x\.safetensors/,
  ],
  [
    "a file without an extension",
    ["resnet8", "--data", "i.npy,l.npy", "-o", "./x"],
    2,
    /write -o \.\/x\.safetensors/,
  ],
  [
    "a spiking network's name",
    ["resnet8", "--data", "i.npy,l.npy", "-o", "x.snn.safetensors"],
    2,
    /write -o x\.safetensors/,
  ],
  [
    "--resume without the folder",
    ["resnet8", "--data", "i.npy,l.npy", "-o", "x.safetensors", "--resume"],
    2,
    /name the folder: --out/,
  ],
  ["an existing file", ["resnet8", "--data", "i.npy,l.npy", "-o", "is.safetensors"], 2, /not overwritten/],
];

for (const [name, words, code, says] of refusals) {
  test(`${name} is refused with exit ${code}`, async () => {
    const refused = await call(at, "train", ...words);
    assert.equal(refused.code, code, refused.err);
    assert.match(refused.err, says);
  });
}
