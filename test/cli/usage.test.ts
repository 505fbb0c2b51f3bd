/** Words, help and refusals of the command line, in one process. */
import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { commonFlags } from "#src/cli/common-flags.js";
import { parseCommand } from "#src/cli/parse-command.js";
import { makeProgressReporter } from "#src/cli/report-progress.js";
import { runCommand } from "#src/cli/run-command.js";
import type { CallContext } from "#src/cli/verb.js";
import { verbs } from "#src/cli/verb-list.js";
import { RespikeError } from "#src/core/respike-error.js";
import type { Envelope } from "./call-respike.js";

const call = (...words: string[]) => callVerbs(verbs, ...words);

async function callVerbs(known: typeof verbs, ...words: string[]) {
  let [out, err] = ["", ""];
  const code = await runCommand({
    words,
    verbs: known,
    version: "0.0.0",
    writeOut: (text) => {
      out += text;
    },
    writeError: (text) => {
      err += text;
    },
    interactive: false,
    signal: new AbortController().signal,
  });
  return { code, out, err };
}

test("the verbs of this version are there, and explain themselves; every example parses", async () => {
  const names = verbs.map(({ name }) => name);
  assert.deepEqual(names, [
    "demo",
    "data",
    "inspect",
    "convert",
    "run",
    "evaluate",
    "merge",
    "bench",
    "train",
    "diagnose",
    "reproduce",
  ]);
  const overview = await call("--help");
  assert.equal(overview.code, 0);
  for (const verb of verbs) {
    assert.match(overview.out, new RegExp(`^ {2}${verb.name} `, "m"));
    const { code, out } = await call(verb.name, "--help");
    assert.equal(code, 0);
    assert.ok(verb.examples.length > 0);
    for (const [example] of verb.examples) {
      assert.ok(out.includes(example), `help of ${verb.name} shows ${example}`);
      const [program, name, ...words] = example.split(" ").map((word) => word.replaceAll("'", ""));
      assert.deepEqual([program, name], ["respike", verb.name]);
      parseCommand(words, { ...commonFlags, ...verb.flags });
    }
  }
});

test("help tells which presets are for few steps, and the bounds of both losses", async () => {
  const page = async (verb: string) => (await call(verb, "--help")).out.replace(/\s+/g, " ");
  const convert = await page("convert");
  assert.match(convert, /explained above, or auto, .* for few steps .* refine \(multi-level\)/);
  assert.match(convert, /any name will do/);
  assert.match(convert, /95 % interval; from 0\.01 to 100/);
  assert.match(await page("evaluate"), /the loss at T is larger; from 0 to 100/);
});

const refused: readonly (readonly [words: string, says: RegExp])[] = [
  ["", /^$/],
  ["evalute x", /did you mean 'evaluate'/],
  ["evaluate x --treads 1", /did you mean '--threads'/],
  ["evaluate", /needs SNN/],
  ["evaluate a b", /'b' is too many/],
  ["evaluate x -T 0", /-T: '0'/],
  ["evaluate x -T", /-T: none given/],
  ["evaluate x --threads 0", /--threads: '0'/],
  ["evaluate x --n 0", /--n: '0'/],
  ["evaluate x --n 1.5", /--n: '1.5'/],
  ["evaluate x --at 8,x", /--at: '8,x'/],
  ["evaluate x --shard 0/3", /--shard/],
  ["evaluate x --backend fast", /--backend: 'fast'/],
  ["evaluate x --max-loss=-1", /--max-loss/],
  ["evaluate x --seed=-1", /--seed/],
  ["evaluate x --json=perhaps", /--json/],
  ["evaluate x --config", /--config: none given/],
  ["convert m --lambda p101 -o x", /--lambda: 'p101'/],
  ["convert m --lambda 0.5 -o x", /--lambda: '0.5'/],
  ["convert m --v0 nan -o x", /--v0: 'nan'/],
  ["convert m --readout sum -o x", /--readout: 'sum'/],
  ["convert m --preset papr -o x", /did you mean 'paper'/],
  ["convert m --spikes ternary -o x", /--spikes: 'ternary'.*did you mean 'signed'/],
  [
    "convert m --spikes burst:0 -o x",
    /--spikes: 'burst:0' \(wants binary, signed, burst:N or signed-burst:N, N from 1 to 127, or refine:N, N from 1 to 15\)/,
  ],
  ["convert m --spikes signed-burst:128 -o x", /--spikes/],
  ["convert m --spikes sined -o x", /did you mean 'signed'/],
  ["convert m", /-o: missing/],
  ["convert m --preset auot -o x", /did you mean 'auto'/],
  ["convert m --max-loss 1 -o x", /--max-loss: 1 \(a flag of --preset auto\)/],
  ["convert m --preset auto --max-loss 0 -o x", /--max-loss: '0'/],
  ["convert m --preset auto --alphabet ternary -o x", /--alphabet: 'ternary' .*did you mean 'signed'/],
  ["convert m --preset auto --alphabet Graded -o x", /did you mean 'multi-level'/],
  ["convert m --preset auto --alphabet constructor -o x", /did you mean '(binary|signed|multi-level)'/],
  ["convert m --preset auto --minimise time -o x", /--minimise: 'time'/],
  ["convert m --preset auto --judge-n 0 -o x", /--judge-n: '0'/],
  ["run x y --record spiks", /did you mean 'spikes'/],
  ["data fetch mnist", /did you mean/],
  ["data get", /needs a NAME/],
  ["merge a", /--out: missing/],
  ["merge a b --out b --force", /'b' is a shard/],
  [
    "evaluate x --resume",
    /--resume: no --out \(goes on with the run folder of --out\); name the folder: --out/,
  ],
  ["evaluate x --explain --backend reference", /--explain: --backend reference has no kernels/],
  ["evaluate x --explain --input poisson", /--explain: --input poisson runs other kernels/],
  ["demo --resume", /--resume: no --out/],
  ["train resnet8 --data mnist -o x --resume", /--resume: no --out/],
  ["demo foo", /'foo' is unknown/],
  ["reproduce table3 --out none", /table1, table2, fig4, fig5, compensation, all/],
  ["reproduce table1 --shard 0/2", /--shard/],
  ["reproduce table1 --slurm --stored --shard 1/2", /--stored: true \(not together with --slurm\)/],
  ["reproduce table1 --parts 2", /--parts: 2 \(of --slurm\)/],
];
for (const [words, says] of refused) {
  test(`exit 2: respike ${words}`, async () => {
    const { code, out, err } = await call(...words.split(" ").filter((word) => word !== ""));
    assert.equal(code, 2);
    if (words === "") return;
    assert.match(err, says);
    assert.equal(out, "");
    const { out: json } = await call(...words.split(" "), "--json");
    const { schema, ok, errors } = JSON.parse(json) as Envelope;
    assert.deepEqual([schema, ok], ["respike.error/1", false]);
    for (const error of errors)
      assert.deepEqual(Object.keys(error), ["code", "where", "rule", "value", "next"]);
  });
}

test("all problems of a command are named at once", async () => {
  const { err } = await call("evaluate", "x", "-T", "0", "--threads", "0", "--nn", "3");
  assert.equal(err.trim().split("\n").length, 3);
});

test("--config: unknown names and values are refused with exit 2, flags win", async () => {
  const folder = mkdtempSync(join(tmpdir(), "respike-config-"));
  const file = join(folder, "c.json");
  writeFileSync(file, '{"maxLos": 1, "T": 0}');
  const { code, err } = await call("evaluate", "x", "--config", file);
  assert.equal(code, 2);
  assert.match(err, /did you mean 'maxLoss'/);
  assert.match(err, /-T: '0'/);
  writeFileSync(file, "{");
  assert.equal((await call("evaluate", "x", "--config", file)).code, 2);
  writeFileSync(file, '{"T": 0}');
  const { err: parsed } = await call("evaluate", join(folder, "none"), "--config", file, "-T", "5");
  assert.match(parsed, /-T: '0'/, "a bad value is told even where a flag wins");
});

test("--config: json counts for errors too; what belongs to the command line is refused", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "respike-config-")), "c.json");
  writeFileSync(file, '{"json": true, "T": 0}');
  const failed = await call("evaluate", "x", "--config", file);
  assert.equal((JSON.parse(failed.out) as Envelope).schema, "respike.error/1");
  for (const key of ["help", "config", "version"]) {
    writeFileSync(file, JSON.stringify({ [key]: "x" }));
    const { code, err } = await call("evaluate", "x", "--config", file);
    assert.equal(code, 2);
    assert.match(err, /stand on the command line/);
  }
});

test("--json: help and version are documents too; the verb comes first", async () => {
  const help = JSON.parse((await call("run", "--help", "--json")).out) as Envelope;
  assert.deepEqual([help.schema, help.ok], ["respike.help/1", true]);
  assert.match(String(help.result.text), /usage: respike run/);
  const { result } = JSON.parse((await call("--version", "--json")).out) as Envelope;
  assert.deepEqual(result, { version: "0.0.0" });
  assert.match((await call("--json", "--help")).out, /respike demo mnist/);
  assert.match((await call("help", "convert")).out, /^usage: respike convert/);
  const { code, err } = await call("--threads", "2", "inspect", "x");
  assert.equal(code, 2);
  assert.match(err, /a verb comes first/);
});

test("anything thrown that is not ours is a defect: exit 1, and where to report it", async () => {
  const broken = {
    ...(verbs[0] as (typeof verbs)[number]),
    run: () => Promise.reject(new TypeError("oops")),
  };
  let out = "";
  const code = await runCommand({
    words: ["demo", "--json"],
    verbs: [broken],
    version: "0.0.0",
    writeOut: (text) => {
      out += text;
    },
    writeError: () => {},
    interactive: false,
    signal: new AbortController().signal,
  });
  assert.equal(code, 1);
  assert.equal((JSON.parse(out) as Envelope).errors[0]?.code, "defect");
  assert.match((JSON.parse(out) as Envelope).errors[0]?.next ?? "", /report/);
});

test("a command that is stopped says where its finished work lies", async () => {
  for (const folder of [undefined, "runs/x"]) {
    const interruption = new AbortController();
    const stopped = {
      ...(verbs[0] as (typeof verbs)[number]),
      run: (_: unknown, __: unknown, { keepIn }: CallContext) => {
        if (folder !== undefined) keepIn(folder);
        interruption.abort("SIGTERM");
        return Promise.reject(interruption.signal.reason);
      },
    };
    let err = "";
    const code = await runCommand({
      words: ["demo"],
      verbs: [stopped],
      version: "0.0.0",
      writeOut: () => {},
      writeError: (text) => {
        err += text;
      },
      interactive: false,
      signal: interruption.signal,
    });
    assert.equal(code, 143);
    assert.equal(err.includes("finished work is kept in runs/x"), folder !== undefined);
    assert.equal(err.includes("--out runs/x --resume"), folder !== undefined, err);
  }
});

test("names that a file gives reach no terminal as control sequences: text, warnings, errors", async () => {
  const evil = "layer\u001b[2J\u0007\u009b31m";
  const warnings = [{ code: "odd", where: `${evil}\nerror: forged`, message: evil }];
  const problem = { code: "odd", where: evil, rule: "none", value: evil, next: "rename it" };
  const outcomes = [
    () => Promise.resolve({ result: {}, text: `node ${evil}\nend`, warnings }),
    () => Promise.reject(new RespikeError(3, problem, { warnings })),
  ];
  for (const run of outcomes) {
    let said = "";
    const write = (text: string) => {
      said += text;
    };
    await runCommand({
      words: ["demo"],
      verbs: [{ ...(verbs[0] as (typeof verbs)[number]), run }],
      version: "0.0.0",
      writeOut: write,
      writeError: write,
      interactive: true,
      signal: new AbortController().signal,
    });
    assert.match(said, /layer\ufffd/);
    assert.doesNotMatch(said, /(?!\n)\p{Cc}/u);
    assert.doesNotMatch(said, /^error: forged/m);
  }
});

test("warnings of a check that failed are told before the error, in --json too", async () => {
  const warnings = [{ code: "other-steps", where: "T = 2", message: "made for T = 16" }];
  const problem = { code: "max-loss", where: "loss", rule: "at most 1", value: "3", next: "more steps" };
  const failing = {
    ...(verbs[0] as (typeof verbs)[number]),
    run: () => Promise.reject(new RespikeError(4, problem, { warnings })),
  };
  const { code, out, err } = await callVerbs([failing], "demo", "--json");
  const document = JSON.parse(out) as Envelope;
  assert.deepEqual([code, document.ok, document.errors, document.warnings], [4, false, [problem], warnings]);
  assert.equal(err, "warning: T = 2: made for T = 16\nerror: loss: 3 (at most 1); more steps\n");
});

test("numbers that JSON lacks become null with a warning", async () => {
  const odd = {
    ...(verbs[0] as (typeof verbs)[number]),
    run: async () => ({ result: { a: [Number.NaN] }, text: "" }),
  };
  let out = "";
  const words = ["demo", "--json"];
  const write = (text: string) => {
    out += text;
  };
  const signal = new AbortController().signal;
  await runCommand({
    words,
    verbs: [odd],
    version: "0",
    writeOut: write,
    writeError() {},
    interactive: false,
    signal,
  });
  const { result, warnings } = JSON.parse(out) as Envelope;
  assert.deepEqual(result, { a: [null] });
  assert.equal(warnings[0]?.where, "result.a[0]");
});

test("progress: nothing within the first second, then rate and time left; resumed work does not count", () => {
  let time = 0;
  const lines: string[] = [];
  const { report } = makeProgressReporter(
    "plain",
    false,
    (text) => lines.push(text),
    () => time,
  );
  const tell = (at: number, done: number, phase = "evaluation") => {
    time = at;
    report({ phase, done, total: 1000, unit: "images" });
  };
  tell(100, 500);
  tell(900, 540);
  assert.deepEqual(lines, []);
  tell(2100, 600);
  assert.deepEqual(lines, ["evaluation  600 of 1,000 images  50 images/s  8 s left\n"]);
  tell(3000, 0, "passes");
  tell(5000, 10, "passes");
  tell(6000, 600);
  tell(8000, 700);
  assert.equal(lines.at(-1), "evaluation  700 of 1,000 images  50 images/s  6 s left\n");
});

test("progress: a note that changes with every event leaves rate and time left as they are", () => {
  let time = 0;
  const lines: string[] = [];
  const { report } = makeProgressReporter(
    "plain",
    false,
    (text) => lines.push(text),
    () => time,
  );
  for (const [at, done] of [
    [1000, 0],
    [4000, 300],
  ] as const) {
    time = at;
    report({ phase: "training", note: `loss ${at}`, done, total: 1000, unit: "images" });
  }
  assert.equal(lines.at(-1), "training, loss 4000  300 of 1,000 images  100 images/s  7 s left\n");
});

test("progress as JSON lines has rate and seconds left", () => {
  let time = 0;
  const lines: string[] = [];
  const { report } = makeProgressReporter(
    "jsonl",
    true,
    (text) => lines.push(text),
    () => time,
  );
  report({ phase: "p", done: 0, total: 4, unit: "images" });
  time = 500;
  report({ phase: "p", done: 1, total: 4, unit: "images" });
  assert.deepEqual(JSON.parse(lines[0] ?? ""), {
    phase: "p",
    done: 1,
    total: 4,
    unit: "images",
    rate: 2,
    secondsLeft: 1.5,
  });
});
