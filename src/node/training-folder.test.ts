/** The run folder of a training: whose it is, and that it is free again whatever happens. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openRunFolder, type RunConfig } from "./run-folder.js";
import { checkpointName, openTrainingFolder, trainingSchema } from "./training-folder.js";

async function makeFolderWith(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "respike-training-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return path;
}

test("resuming in the folder of a run of another kind is refused, leaves it as it is and free", async (t) => {
  const files = { "config.json": '{"schema":"respike.run/1"}', "results.json": "{}" };
  const path = await makeFolderWith(t, files);
  for (const _ of [1, 2]) {
    await assert.rejects(openTrainingFolder(path, { resume: true }), { exitCode: 2, code: "run-differs" });
  }
  for (const [name, text] of Object.entries(files)) {
    assert.equal(await readFile(join(path, name), "utf8"), text);
  }
  assert.equal((await readdir(path)).includes(".lock"), false);
});

test("a training's folder, and one that was killed before its config was written, are resumed", async (t) => {
  const config = JSON.stringify({ schema: trainingSchema });
  for (const files of [{ "config.json": config, [checkpointName]: "x" }, { [checkpointName]: "x" }]) {
    const folder = await openTrainingFolder(await makeFolderWith(t, files), { resume: true });
    assert.equal(Buffer.from((await folder.readCheckpoint()) ?? "").toString(), "x");
    await folder.close();
  }
});

test("resuming in a folder of files of no run is refused and leaves it as it is", async (t) => {
  const path = await makeFolderWith(t, { "notes.txt": "mine" });
  const says = { exitCode: 2, code: "output-exists", where: path, value: "1 file, none of a run" };
  await assert.rejects(openTrainingFolder(path, { resume: true }), says);
  await assert.rejects(openRunFolder(path, {} as RunConfig, { resume: true }), says);
  assert.deepEqual(await readdir(path), ["notes.txt"]);
});

test("a run that was killed while its config was written, or after its plots' folder, goes on", async (t) => {
  const path = await makeFolderWith(t, { "config.json.0.tmp": "{" });
  await (await openTrainingFolder(path, { resume: true })).close();
  await rm(join(path, "config.json.0.tmp"));
  assert.deepEqual(await readdir(path), ["plots"]);
  await (await openTrainingFolder(path, { resume: true })).close();
});

test("a folder in a file's place is called one, with exit 3, and the run folder is free again", async (t) => {
  const path = await makeFolderWith(t, {});
  await mkdir(join(path, checkpointName));
  const says = { exitCode: 3, code: "not-a-file", where: join(path, checkpointName), value: "a folder" };
  const folder = await openTrainingFolder(path, { resume: true });
  await assert.rejects(folder.readCheckpoint(), says);
  await folder.close();
  await mkdir(join(path, "config.json"));
  await assert.rejects(openTrainingFolder(path, { resume: true }), {
    ...says,
    where: join(path, "config.json"),
  });
  assert.equal((await readdir(path)).includes(".lock"), false);
});

test("with force a folder loses a run's files and keeps what is not a run's", async (t) => {
  const path = await makeFolderWith(t, { "config.json": "{}", [checkpointName]: "x", "notes.txt": "mine" });
  await mkdir(join(path, "plots"));
  await writeFile(join(path, "plots", "old.svg"), "<svg/>");
  const folder = await openTrainingFolder(path, { force: true });
  assert.equal(await folder.readCheckpoint(), null);
  await folder.close();
  assert.deepEqual((await readdir(path)).sort(), ["notes.txt", "plots"]);
  assert.deepEqual(await readdir(join(path, "plots")), []);
});
