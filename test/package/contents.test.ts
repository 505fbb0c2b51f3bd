/** What `npm pack` would publish, and that an ESM consumer finds code and types in it. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import * as tar from "tar";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const npm = process.platform === "win32" ? "npm.cmd" : "npm";
const shell = process.platform === "win32";
const settings = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

/** npm 10 answers with an array, npm 11.6 and later with an object by name. */
function pack(folder: string): Packed {
  const text = execFileSync(npm, ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
    cwd: root,
    encoding: "utf8",
    shell,
    stdio: ["ignore", "pipe", "ignore"],
  });
  return Object.values(JSON.parse(text) as Record<string, Packed>)[0] as Packed;
}

const consumer = `
import { convert, type EvaluationResult, evaluate, loadModel, RespikeError, type Snn } from "respike";
export async function measure(bytes: Uint8Array): Promise<EvaluationResult> {
  const model = await loadModel(bytes, { preprocess: "mnist" });
  const { snn }: { snn: Snn } = await convert(model, { calibrateN: 10, T: 8 });
  return (await evaluate(snn, { n: 10 })).result;
}
export const code = (error: RespikeError): string => error.code;
// @ts-expect-error the types are really read
export const wrong: number = loadModel;
`;

const page = `
import { convert, evaluate, type ImageSet, loadModel, loadSnn, saveSnn } from "respike/browser";
export async function measure(model: Uint8Array, train: ImageSet, test: ImageSet): Promise<number> {
  const { snn } = await convert(loadModel(model, { preprocess: "mnist" }), train, { T: 8 });
  return (await evaluate(loadSnn(saveSnn(snn)), test, { threads: 2, workerUrl: "worker.js" })).result.snn.T;
}
// @ts-expect-error the types are really read
export const wrong: number = loadSnn;
`;

describe("the package", () => {
  let folder = "";
  let packed: Packed;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "respike-package-"));
    packed = pack(folder);
    const target = join(folder, "node_modules", "respike");
    mkdirSync(target, { recursive: true });
    tar.extract({ file: join(folder, packed.filename), cwd: target, strip: 1, sync: true });
    for (const name of Object.keys(settings.dependencies).filter((name) => !name.startsWith("@")))
      symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name), "junction");
    for (const scope of ["@noble", "@npmcli", "@types"])
      symlinkSync(join(root, "node_modules", scope), join(folder, "node_modules", scope), "junction");
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "consumer", type: "module" }));
    writeFileSync(join(folder, "consumer.ts"), consumer);
    writeFileSync(join(folder, "page.ts"), page);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("holds code, types, kernels, networks with provenance, licence and manual", () => {
    const paths = packed.files.map((file) => file.path);
    const needed = [
      "LICENSE",
      "README.md",
      "package.json",
      "dist/index.js",
      "dist/index.d.ts",
      "dist/browser/index.js",
      "dist/browser/index.d.ts",
      "dist/browser/worker-entry.js",
      "dist/cli/main.js",
      "dist/node/worker-entry.js",
      "dist/kernels/dense.wasm",
      "dist/kernels/spiking.wasm",
      "networks/mnist-resnet8.safetensors",
      "networks/mnist-resnet8.provenance.json",
      "networks/cifar10-resnet20.safetensors",
      "networks/cifar10-resnet20.provenance.json",
      "docs/cli.md",
    ];
    assert.deepEqual(
      needed.filter((path) => !paths.includes(path)),
      [],
    );
  });

  it("holds nothing else: no sources, tests, stamps, maps, build info, bench, or networks that no demo needs", () => {
    const allowed =
      /^(LICENSE|README\.md|CHANGELOG\.md|package\.json|docs\/[a-z-]+\.md|docs\/(?:reproduction|few-steps)\/[a-z0-9-]+\.svg|networks\/(mnist-resnet8|cifar10-resnet20)\.(safetensors|provenance\.json)|dist\/kernels\/[a-z]+\.wasm|dist\/(?!.*\.test\.)(?:[a-z0-9-]+\/)*[a-z0-9-]+\.(js|d\.ts))$/;
    const foreign = packed.files.map((file) => file.path).filter((path) => !allowed.test(path));
    assert.deepEqual(foreign, []);
  });

  it("is smaller than 2.5 MB packed and 5 MB unpacked", () => {
    assert.ok(packed.size < 2.5e6, `${packed.size}`);
    assert.ok(packed.unpackedSize < 5e6, `${packed.unpackedSize}`);
  });

  it("asks for Node 20.19 or later and installs nothing that compiles", () => {
    assert.equal(settings.engines.node, ">=20.19");
    assert.equal(settings.scripts.install ?? settings.scripts.postinstall, undefined);
  });

  for (const [module, resolution] of [
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ] as const) {
    it(`types resolve with moduleResolution ${resolution}`, () => {
      const { status, stdout } = spawnSync(
        process.execPath,
        [
          join(root, "node_modules/typescript/bin/tsc"),
          ...["--noEmit", "--strict", "--target", "es2023", "--lib", "es2023,dom", "--types", "node"],
          ...["--module", module, "--moduleResolution", resolution, "consumer.ts", "page.ts"],
        ],
        { cwd: folder, encoding: "utf8" },
      );
      assert.equal(status, 0, stdout);
    });
  }

  it("runs unpacked: the library imports, the command line prints its version", () => {
    const library = spawnSync(
      process.execPath,
      ["--input-type=module", "-e", 'import * as r from "respike"; console.log(r.version)'],
      { cwd: folder, encoding: "utf8" },
    );
    assert.equal(library.stdout.trim(), settings.version, library.stderr);
    const command = spawnSync(
      process.execPath,
      [join(folder, "node_modules/respike/dist/cli/main.js"), "--version"],
      {
        cwd: folder,
        encoding: "utf8",
      },
    );
    assert.match(command.stdout, new RegExp(settings.version.replaceAll(".", "\\.")), command.stderr);
  });
});
