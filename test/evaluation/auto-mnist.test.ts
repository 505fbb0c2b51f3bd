/** `--preset auto` on the shipped MNIST network with few images: what is chosen, saved, and refused. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { encode as encodePng } from "fast-png";
import { RespikeError } from "#src/core/respike-error.js";
import { float32Tensor } from "#src/core/tensor.js";
import { encodeNpy } from "#src/datasets/npy.js";
import { encodeSnn } from "#src/formats/snn/encode-snn.js";
import type { Graph } from "#src/graph/graph.js";
import { type GraphNode, isOp } from "#src/graph/node-types.js";
import type { AutoConversion } from "#src/library/auto/auto-options.js";
import { convertAuto } from "#src/library/auto/convert-auto.js";
import { listContenders } from "#src/library/auto/list-contenders.js";
import { openCalibration } from "#src/library/convert.js";
import { evaluate } from "#src/library/evaluate.js";
import { loadModel } from "#src/library/load-model.js";
import { loadSnn, saveSnn } from "#src/library/snn-files.js";
import { callJson, makeWorkplace, model } from "../cli/call-respike.js";

const at = makeWorkplace();
after(() => rmSync(at, { recursive: true, force: true }));

const few = { calibrate: "mnist", calibrateN: 32, adjustN: 8, judgeN: 98, threads: 1 } as const;
const { snn: chosenSnn, result } = await convertAuto(await loadModel(model), {
  ...few,
  alphabet: "signed",
  times: [2, 6],
  maxLoss: 2,
  certify: "off",
});
const { auto } = result;

test("2 steps do not carry the bound, 6 do on all judging images: these are chosen", () => {
  const { chosen, candidates, judgedOn, bound, network } = auto;
  assert.deepEqual([bound, judgedOn.n, judgedOn.of, judgedOn.split], [2, 98, 5000, "train"]);
  assert.ok(network.accuracy > 95 && network.macs > 1e6);
  assert.deepEqual(
    candidates.map(({ preset, T, alphabet }) => [preset, T, alphabet]),
    [
      ["signed", 2, "signed"],
      ["signed", 6, "signed"],
    ],
  );
  const [two, six] = candidates;
  assert.ok(two && two.lossCi95[1] > 2);
  assert.equal(two.verdict, two.lossCi95[0] > 2 ? "rejected" : "unproven");
  assert.ok(six && six.verdict === "meets" && six.n === 98 && six.lossCi95[1] <= 2);
  assert.deepEqual(chosen, six);
});

test("the saved network has the preset, T and all candidates, and loses on the test images no 10 points", async () => {
  const path = join(at, "few.snn.safetensors");
  await saveSnn(chosenSnn, path);
  const snn = await loadSnn(path);
  const { preset, T, auto: saved } = snn.options;
  assert.deepEqual([preset, T], ["signed", 6]);
  assert.deepEqual(saved, JSON.parse(JSON.stringify(auto)));
  const evaluated = await evaluate(snn, { n: 60, threads: 1 });
  assert.ok(evaluated.result.snn.T === T && (evaluated.result.snn.at.at(-1)?.loss ?? 100) < 10);
});

test("with and without a front the saved bytes are the same, a caller's own options in them; the result has all candidates", async () => {
  const shipped = await loadModel(model);
  const own = { ...few, judgeN: 8, maxLoss: 100, alphabet: "signed", certify: "off" } as const;
  const asked = { ...own, times: [8, 12], savedOptions: { note: "mine" } } as const;
  const front = join(at, "same.html");
  const told: AutoConversion[] = [];
  const onChosen = (chosen: AutoConversion) => {
    told.push(chosen);
    assert.ok(!existsSync(front), "before the front is drawn");
  };
  const plain = await convertAuto(shipped, asked);
  const drawn = await convertAuto(shipped, { ...asked, front, onChosen });
  assert.deepEqual(
    told.map(({ result }) => result.auto.candidates.length),
    [1],
  );
  assert.ok(
    existsSync(front) && Buffer.from(encodeSnn((told[0] as AutoConversion).snn)).equals(encodeSnn(drawn.snn)),
  );
  assert.equal(drawn.result.auto.candidates.at(-1)?.verdict, "not needed");
  assert.deepEqual(
    [plain, drawn].map(({ result }) => result.auto.candidates.length),
    [1, 2],
  );
  assert.equal(plain.snn.options.note, "mine");
  assert.ok(Buffer.from(encodeSnn(plain.snn)).equals(encodeSnn(drawn.snn)));
});

test("a bound that nothing meets ends with exit code 4, names the closest and writes the front", async () => {
  const shipped = await loadModel(model);
  const { train } = await openCalibration(shipped, { calibrate: "mnist" }, () => undefined);
  const digits = train.pixels.slice(0, 40 * 784);
  writeFileSync(join(at, "digits.npy"), encodeNpy([40, 1, 28, 28], digits));
  writeFileSync(join(at, "labels.npy"), encodeNpy([40], Uint8Array.from(train.labels.subarray(0, 40))));
  const front = join(at, "front.html");
  const clipped = { lambdaFactor: 0.02, adjust: "off", alphabet: "multi-level", times: [2] } as const;
  const calibrate = `${join(at, "digits.npy")},${join(at, "labels.npy")}`;
  const asked = { ...few, ...clipped, calibrate, judgeN: "all", maxLoss: 40, front } as const;
  await assert.rejects(convertAuto(shipped, asked), (error) => {
    assert.ok(error instanceof RespikeError && error.exitCode === 4 && error.code === "max-loss");
    assert.match(error.value, /^the closest is refine at T = 2: .* on 4 images$/);
    return true;
  });
  assert.match(readFileSync(front, "utf8"), /<svg[\s\S]*refine \(multi-level\)/);
  await assert.rejects(convertAuto(shipped, asked), { code: "output-exists" });
});

test("what auto chooses is not given, and images that cannot show the bound are refused", async () => {
  const shipped = await loadModel(model);
  const refused = [
    [{ T: 9 }, "-T"],
    [{ preset: "binary" }, "--preset"],
    [{ compensate: "shared" }, "--compensate"],
    [{ compensate: "layer" }, "--compensate"],
    [{ alphabet: "ternary" as "binary" }, "--alphabet"],
    [{ minimise: "time" as "steps" }, "--minimise"],
    ...[[], [6, 2], [2, 2], [0, 4], [1.5], [Number.NaN]].map((times) => [{ times }, "times"] as const),
  ] as const;
  for (const [more, where] of refused) {
    await assert.rejects(convertAuto(shipped, { ...few, ...more }), { where, exitCode: 2 });
  }
  await assert.rejects(convertAuto(shipped, few), (error) => {
    assert.ok(error instanceof RespikeError && error.exitCode === 2 && error.where === "--judge-n");
    assert.match(error.next, /390/);
    return true;
  });
});

test("a preset that an option does not fit is left out, and why; an option that fits none is refused", async () => {
  const { graph } = await loadModel(model);
  const { contenders, leftOut } = listContenders(graph, { output: "neuron" }, null);
  const namesOf = (list: readonly { preset: string }[]) => list.map(({ preset }) => preset);
  assert.deepEqual(namesOf(contenders), ["default", "binary", "signed", "ltb"]);
  assert.deepEqual(namesOf(leftOut), ["refine"]);
  assert.equal(leftOut[0]?.error.where, "--output");
  assert.throws(() => listContenders(graph, { output: "neuron" }, "multi-level"), {
    where: "--output",
    rule: "--preset auto tried refine, the only preset of --alphabet multi-level: a value that is refined is read as currents (preset refine)",
    exitCode: 2,
  });
  assert.throws(() => listContenders(graph, { lambda: "most" }, null), { where: "--lambda", exitCode: 2 });
  const own = {
    ...few,
    output: "neuron",
    times: [4],
    maxLoss: 100,
    judgeN: 8,
    adjust: "off",
    certify: "off",
  } as const;
  const { warnings } = await convertAuto(await loadModel(model), own);
  const said = warnings.find(({ code, where }) => code === "candidate-left-out" && where === "refine");
  assert.match(said?.message ?? "", /^left out, it cannot be made: --output: neuron /);
});

/** As training with ceilings leaves a network. */
function withCeilings(graph: Graph, ceiling: number): Graph {
  return graph.rewrite((node): GraphNode => {
    if (!isOp(node, "relu")) return node;
    const attributes = { ...node.attributes, max: ceiling };
    return { ...node, attributes, tensors: { ceiling: float32Tensor([1], [ceiling]) } };
  });
}

test("presets that a network with ceilings refuses are left out, the one that fits is chosen; where none fits each says why", async () => {
  const shipped = await loadModel(model);
  const clipped = { ...shipped, graph: withCeilings(shipped.graph, 2) };
  const own = { ...few, judgeN: 8, maxLoss: 100, certify: "off" } as const;
  const { result, warnings } = await convertAuto(clipped, { ...own, times: [4, 64] });
  assert.equal(result.auto.chosen?.preset, "default");
  const said = warnings.filter(({ code }) => code === "candidate-left-out");
  assert.deepEqual(said.map(({ where }) => where).sort(), ["binary", "ltb", "refine", "signed"]);
  assert.ok(
    said.every(({ message }) => /^left out, it cannot be made: .*--lambda-scope channel/.test(message)),
  );
  await assert.rejects(convertAuto(clipped, { ...own, alphabet: "signed", times: [4, 8] }), {
    exitCode: 3,
    code: "not-convertible",
    rule: /auto tried signed, .*: a clipped ReLU has one λ$/,
  });
  const noneFits = { ...own, output: "neuron", alphabet: "multi-level" } as const;
  await assert.rejects(convertAuto(clipped, noneFits), { exitCode: 2, where: "--output" });
});

test("through the command line: the choice is printed and saved, and what had to be changed in the images is said", async () => {
  const folder = join(at, "digits");
  for (let index = 0; index < 20; index++) {
    const own = join(folder, String(index % 10));
    mkdirSync(own, { recursive: true });
    // grey with a transparent half
    const data = Uint8Array.from({ length: 2 * 28 * 28 }, (_, i) => (i % 2 === 1 ? 128 : (i * index) & 255));
    const picture = encodePng({ width: 28, height: 28, channels: 2, depth: 8, data });
    writeFileSync(join(own, `${index}.png`), picture);
  }
  const words = ["--calibrate", folder, "--calibrate-n", "8", "--adjust", "off", "--certify", "off"];
  const loose = ["--preset", "auto", "--max-loss", "100", "--alphabet", "multi-level", "--threads", "1"];
  const saved = ["-o", "loose.snn.safetensors"];
  const { code, err, doc } = await callJson(at, "convert", model, ...words, ...loose, ...saved);
  assert.equal(code, 0, err);
  const { auto: said } = doc.result as unknown as { auto: typeof auto };
  assert.deepEqual([said.chosen?.preset, said.chosen?.T, said.judgedOn.n], ["refine", 2, 2]);
  const { options } = await loadSnn(join(at, "loose.snn.safetensors"));
  assert.deepEqual([options.preset, options.T], ["refine", 2]);
  assert.equal(doc.warnings.filter((warning) => warning.code === "images-changed").length, 1);
});
