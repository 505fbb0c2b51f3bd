/** `reproduce --slurm` on a real SLURM of one node: the parts run as an array, the merge job waits for them. */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { resolveCacheFolder } from "#src/node/cache-folder.js";
import { call, callJson, root } from "../cli/call-respike.js";

const at = mkdtempSync(join(tmpdir(), "respike-slurm-"));
let daemons: ChildProcess | undefined;
after(async () => {
  daemons?.stdin?.end();
  if (daemons !== undefined && daemons.exitCode === null)
    await new Promise((done) => daemons?.on("exit", done));
  rmSync(at, { recursive: true, force: true });
});

/** "ready", or why there is none. */
function startSlurm(folder: string): Promise<string> {
  const script = join(root, "test", "slurm", "start-slurm.sh");
  const child = spawn("bash", [script, folder], { stdio: ["pipe", "pipe", "inherit"] });
  daemons = child;
  return new Promise((say) => {
    child.stdout.once("data", (text: Buffer) => say(text.toString().trim()));
    child.once("exit", () => say("skip: it ended"));
  });
}

const rows = ["--only", "mnist ResNet-8, default, T = 350|mnist ResNet-8, cao", "--quick", "--n", "4"];

test("two jobs in two tasks of an array, merged by a job that depends on them: the results of one run", async (t) => {
  const state = await startSlurm(mkdtempSync(join(at, "daemons-")));
  if (state !== "ready") {
    t.skip(`no SLURM: ${state}`);
    return;
  }
  const cache = ["--cache-dir", resolveCacheFolder(), "--threads", "1"];
  const written = await callJson(at, "reproduce", "table1", ...rows, ...cache, "--slurm", "--out", "cluster");
  assert.equal(written.code, 0, written.err);
  assert.equal(written.doc.result.parts, 2);
  const [folder] = execFileSync("bash", ["-c", `echo ${join(at, "daemons-")}*`])
    .toString()
    .trim()
    .split(" ");
  const env = { ...process.env, SLURM_CONF: join(folder ?? "", "slurm.conf") };
  const slurm = (program: string, ...words: string[]) =>
    execFileSync(program, words, { env, cwd: at }).toString();
  const [, array, merge] = /array (\d+), merge (\d+)/.exec(slurm(join(at, "cluster", "submit.sh"))) ?? [];
  assert.match(slurm("scontrol", "show", "job", merge ?? ""), new RegExp(`Dependency=afterok:${array}`));
  for (let round = 0; slurm("squeue", "-h").trim() !== "" && round < 600; round++) await wait(500);
  const log = (name: string) => {
    const path = join(at, "cluster", name);
    return existsSync(path) ? readFileSync(path, "utf8") : `no ${name}`;
  };
  const logs = ["part-1.log", "part-2.log", "merge.log"].map(log).join("\n");
  assert.ok(existsSync(join(at, "cluster", "whole", "results.json")), logs);
  const single = await call(at, "reproduce", "table1", ...rows, ...cache, "--out", "single");
  assert.equal(single.code, 0, single.err);
  const read = (path: string) => JSON.parse(readFileSync(join(at, path, "results.json"), "utf8")) as object;
  assert.deepEqual(read("cluster/whole"), read("single"));
});
