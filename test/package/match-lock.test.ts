/** `npm ci && npm run build` installs once; a lock file that changed is installed. */
import assert from "node:assert/strict";
import { test } from "node:test";

interface Entry {
  readonly version: string;
  readonly integrity: string;
  readonly optional?: boolean;
}
type Packages = Readonly<Record<string, unknown>>;
type MatchesLock = (
  manifest: object,
  lock: { packages?: Packages },
  installed: { packages?: Packages },
) => boolean;
const address = new URL("../../../scripts/match-lock.mjs", import.meta.url).href;
const { matchesLock } = (await import(address)) as { matchesLock: MatchesLock };

const a: Entry = { version: "1.0.0", integrity: "sha512-a" };
const other: Entry = { version: "2.0.0", integrity: "sha512-b", optional: true };
const manifest = { scripts: { build: "x" }, dependencies: { a: "1.0.0" }, devDependencies: { b: "2.0.0" } };
const top = { name: "respike", devDependencies: { b: "2.0.0" }, dependencies: { a: "1.0.0" } };
const lock = { packages: { "": top, "node_modules/a": a, "node_modules/b": other } };

test("what was installed from this lock file is not installed again; packages of other systems may lack", () => {
  assert.ok(matchesLock(manifest, lock, { packages: { "node_modules/a": a, "node_modules/b": other } }));
  assert.ok(matchesLock(manifest, lock, { packages: { "node_modules/a": a } }));
});

test("another version, another content, a package more or less, or another package.json is installed", () => {
  for (const packages of [
    {},
    { "node_modules/b": other },
    { "node_modules/a": { ...a, version: "1.0.1" } },
    { "node_modules/a": { ...a, integrity: "sha512-c" } },
    { "node_modules/a": a, "node_modules/c": a },
  ])
    assert.ok(!matchesLock(manifest, lock, { packages }), JSON.stringify(packages));
  assert.ok(!matchesLock(manifest, lock, {}));
  const installed = { packages: { "node_modules/a": a } };
  assert.ok(!matchesLock({ ...manifest, dependencies: { a: "1.0.1" } }, lock, installed));
  assert.ok(!matchesLock(manifest, {}, installed));
});
