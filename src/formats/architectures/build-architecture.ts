/**
 * Weights without a graph become a network: recognised, checked in full, built.
 *
 * Knows: the order of these steps and what is said of them. May not know: files' bytes.
 */
import { type Problem, refuseInput, type Warning } from "../../core/respike-error.js";
import { Graph } from "../../graph/graph.js";
import type { GraphNode, Shape } from "../../graph/node-types.js";
import type { ModelOptions, NamedTensors, ParsedModel } from "../format.js";
import { quote } from "../refuse-file.js";
import { buildNodes, type NetworkFacts } from "./build-nodes.js";
import { type ModelMetadata, readMetadata } from "./read-metadata.js";
import { type AskedArchitecture, type Recognised, recogniseArchitecture } from "./recognise-architecture.js";
import { setAside } from "./set-aside.js";
import { stripCommonPrefix } from "./strip-prefix.js";
import { WeightLedger } from "./weight-ledger.js";

/** PyTorch's default. */
const defaultEpsilon = 1e-5;

/**
 * @param named all tensors of the file
 * @param format the format's name, for the result
 * @throws RespikeError (exit 3) where the architecture stays open, and one problem for each missing,
 * surplus or misshapen key; never is a part of the weights used
 */
export function buildArchitecture(named: NamedTensors, options: ModelOptions, format: string): ParsedModel {
  const where = options.fileName ?? "model";
  const metadata = readMetadata(named.metadata, where);
  const { weights, others } = setAside(named.tensors);
  const { entries, prefix } = stripCommonPrefix(weights);
  const asked = {
    arch: options.arch ?? metadata.arch,
    shortcut: options.shortcut ?? (options.arch?.startsWith("plain") ? undefined : metadata.shortcut),
  };
  const hints = [...(named.hints ?? []), ...(options.fileName === undefined ? [] : [options.fileName])];
  const recognised = recogniseArchitecture([...entries.keys()], asked, hints, where);
  const ledger = new WeightLedger(entries, prefix);
  const facts = readFacts(recognised, ledger, options, metadata);
  const nodes = buildNodes(recognised, facts, ledger);
  const counters = ledger.closeAccount();
  if (ledger.problems.length > 0) {
    const other = nameOther([...entries.keys()], asked, hints, where);
    throw refuseInput([...(other === null ? [] : [other]), ...ledger.problems]);
  }
  const said = listAssumptions(prefix, recognised, options, metadata).map((each) => ({ ...each, where }));
  const [, height, width] = facts.inputShape;
  return {
    format,
    graph: new Graph(nodes),
    arch: describeArchitecture(recognised),
    evidence: [
      ...recognised.evidence,
      ...describeCeilings(nodes, metadata),
      `${facts.classes} classes and ${facts.inputShape[0]} input channels from the tensors, images of ${height}×${width}`,
    ],
    preprocessing: metadata.preprocessing,
    warnings: [...named.warnings, ...said],
    ignoredKeys: [...named.ignoredKeys, ...others, ...counters],
  };
}

/** What explains all problems at once: the keys are those of another architecture than was asked for. */
function nameOther(
  keys: readonly string[],
  { arch, shortcut }: AskedArchitecture,
  hints: readonly string[],
  where: string,
): Problem | null {
  if (arch === undefined) return null;
  try {
    const { name } = recogniseArchitecture(keys, { shortcut }, hints, where).architecture;
    if (name === arch) return null;
    const rule = "the architecture asked for is that of the keys";
    const value = `${arch} was asked for, the keys are those of ${name}`;
    return { code: "other-architecture", where, rule, value, next: `give --arch ${name}, or leave it out` };
  } catch {
    return null;
  }
}

/** What was assumed where the file does not say it. */
function listAssumptions(
  prefix: string,
  { assumptions }: Recognised,
  options: ModelOptions,
  metadata: ModelMetadata,
): readonly Pick<Warning, "code" | "message">[] {
  const said: Pick<Warning, "code" | "message">[] = [];
  const say = (code: string, message: string) => said.push({ code, message });
  if (prefix !== "") say("prefix-stripped", `every key begins with ${quote(prefix)}, which was stripped`);
  for (const { code, message } of assumptions) say(code, message);
  said.push(...metadata.said);
  if ((options.bnEpsilon ?? metadata.bnEpsilon) === undefined) {
    const message = `the file does not say batch norm's epsilon; PyTorch's ${defaultEpsilon} was taken`;
    say("bn-epsilon-assumed", message);
  }
  return said;
}

function describeCeilings(nodes: readonly GraphNode[], { activation }: ModelMetadata): string[] {
  const count = nodes.filter(({ tensors }) => tensors.ceiling !== undefined).length;
  if (count === 0) return [];
  const rounded =
    activation?.kind === "qcfs"
      ? `, trained with activations rounded to ${activation.levels} levels (qcfs), which are left unrounded here`
      : "";
  return [`${count} trained ceilings: ReLUs clip at them${rounded}`];
}

function describeArchitecture({ architecture, shortcut }: Recognised): string {
  return shortcut === null ? architecture.name : `${architecture.name}, option ${shortcut}`;
}

/** Classes and channels as the tensors have them; 10 and 3 stand in where those are missing, which is then refused. */
function readFacts(
  { dialect, head }: Recognised,
  ledger: WeightLedger,
  options: ModelOptions,
  metadata: ModelMetadata,
): NetworkFacts {
  const positive = (size: number | undefined, otherwise: number) =>
    size !== undefined && size > 0 ? size : otherwise;
  const channels = positive(ledger.entries.get(`${dialect.stemConv}.weight`)?.shape[1], 3);
  const classes = positive(ledger.entries.get(`${head}.weight`)?.shape[0], 10);
  const usual = channels === 1 ? 28 : 32;
  const [height, width] = options.inputSize ?? metadata.inputSize ?? [usual, usual];
  const inputShape: Shape = [channels, height, width];
  return { inputShape, classes, bnEpsilon: options.bnEpsilon ?? metadata.bnEpsilon ?? defaultEpsilon };
}
