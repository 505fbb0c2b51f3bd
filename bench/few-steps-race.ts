/**
 * Images a second at a loss of at most half a point: SpikingJelly's best method against ours, by turns.
 *
 * Knows: decisions that were measured before, rounds. May not know: how decisions came about.
 */
import { loadSnn } from "#src/library/snn-files.js";
import { markdownTable } from "../scripts/measure-support.js";
import {
  describeMachine,
  describeSpread,
  median,
  type Ours,
  prepareOurs,
  readImages,
} from "./bench-support.js";
import { type Alphabet, findEnoughSteps, type Judges, measureAccuracy } from "./compare-with-peers.js";
import {
  type FewStepsPeer,
  type Method,
  type OwnDecisions,
  type OwnPiece,
  openFewStepsPeer,
  type PeerDecisions,
  snnPath,
  type Work,
} from "./few-steps-work.js";
import type { PythonEnvironment } from "./python-environment.js";

/** Points that may be lost. */
export const raceLoss = 0.5;

export interface PeerCandidate {
  readonly method: Method;
  readonly kept: PeerDecisions | undefined;
}

export interface OwnCandidate {
  readonly piece: OwnPiece;
  readonly decisions: OwnDecisions;
  readonly alphabet: Alphabet;
}

/** The method and the T from which on it stays within the bound. */
interface Entry<Candidate> {
  readonly candidate: Candidate;
  readonly T: number;
  readonly loss: number;
}

/**
 * Of the peer's methods, each read from the first step on or with the delay that it estimates, the one that stays within the bound
 * from the smallest T on; every T up to its last counts.
 */
export function choosePeer(
  candidates: readonly PeerCandidate[],
  judges: Judges,
): Entry<PeerCandidate> | undefined {
  const entries = candidates.flatMap((candidate) =>
    listReadings(candidate.kept).flatMap((reading) => {
      const losses = reading.map((classes, step) => {
        return { T: step + 1, loss: measureAccuracy(classes, judges).loss };
      });
      const T = findEnoughSteps(losses, raceLoss);
      const loss = losses.find((each) => each.T === T)?.loss;
      return T === undefined || loss === undefined ? [] : [{ candidate, T, loss }];
    }),
  );
  return entries.sort((a, b) => a.T - b.T)[0];
}

/** Decisions after each step: read from the first step on, and delayed. */
function listReadings(kept: PeerDecisions | undefined): readonly (readonly (readonly number[])[])[] {
  if (kept === undefined) return [];
  const { decisions, delayed } = kept;
  const plain = (decisions[0] ?? []).map((_, step) => decisions.map((at) => at[step] as number));
  const late = plain.map((classes, step) => delayed[String(step + 1)] ?? classes);
  return [plain, late];
}

/** All of ours in these alphabets from the T on from which the loss stays within the bound. */
export function listOwn(
  candidates: readonly OwnCandidate[],
  alphabets: readonly Alphabet[],
): readonly Entry<OwnCandidate>[] {
  const presets = new Set(candidates.map(({ piece }) => piece.preset));
  return [...presets].flatMap((preset) => {
    const losses = candidates
      .filter(({ piece, alphabet }) => piece.preset === preset && alphabets.includes(alphabet))
      .flatMap((candidate) =>
        [...candidate.decisions.at].map(([T, classes]) => {
          return { candidate, T, loss: measureAccuracy(classes, candidate.decisions).loss };
        }),
      );
    const enough = findEnoughSteps(losses, raceLoss);
    return enough === undefined ? [] : losses.filter(({ T }) => T >= enough);
  });
}

export interface RaceOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly compile: boolean;
}

interface Runner {
  readonly title: string;
  readonly spikes: string;
  readonly T: number;
  readonly loss: number;
  readonly goal: string;
  readonly rates: number[];
  round(): Promise<number>;
}

const kinds = ["plain", "compiled"] as const;

interface Setting {
  readonly mode: string;
  readonly batch: number;
  readonly steps: number;
}

async function openPeerRunners(
  peer: FewStepsPeer,
  entry: Entry<PeerCandidate>,
  seconds: number,
): Promise<Runner[]> {
  const prepared = (await peer.ask("prepare\n")) as {
    settings: Record<string, Setting | null>;
    tried: unknown;
  };
  console.error(JSON.stringify(prepared.tried));
  return kinds.flatMap((kind) => {
    const setting = prepared.settings[kind];
    if (setting === null || setting === undefined) return [];
    return [
      {
        title: `${entry.candidate.method.title}, ${kind}: step mode ${setting.mode}, batch ${setting.batch}`,
        spikes: entry.candidate.method.alphabet,
        ...entry,
        goal: "",
        rates: [],
        round: async () => ((await peer.ask(`${kind} ${seconds}\n`)) as number) / entry.T,
      },
    ];
  });
}

const raceImages = 64;

async function openOwnRunner(
  work: Work,
  { candidate, T, loss }: Entry<OwnCandidate>,
  goal: string,
  seconds: number,
): Promise<OwnRunner> {
  const snn = await loadSnn(snnPath(work, candidate.piece));
  const ours = await prepareOurs(snn, work.threads, T, await readImages(snn, raceImages), seconds);
  const title = `respike ${candidate.piece.preset}: tasks of ${ours.batch}`;
  return { ours, runner: { title, spikes: candidate.alphabet, T, loss, goal, rates: [], round: ours.round } };
}

interface OwnRunner {
  readonly runner: Runner;
  readonly ours: Ours;
}

const trialRounds = 3;

/** The quickest of the entries, each timed for a few short rounds; its title says which there were. */
async function openQuickest(
  work: Work,
  entries: readonly Entry<OwnCandidate>[],
  goal: string,
  seconds: number,
): Promise<OwnRunner> {
  const trials: { readonly opened: OwnRunner; readonly rate: number; readonly name: string }[] = [];
  for (const entry of entries) {
    const opened = await openOwnRunner(work, entry, goal, seconds / 2);
    const rates: number[] = [];
    for (let round = 0; round < trialRounds; round++) rates.push(await opened.runner.round());
    trials.push({ opened, rate: median(rates), name: `${entry.candidate.piece.preset} ${entry.T}` });
  }
  const [best, ...others] = trials.sort((a, b) => b.rate - a.rate);
  if (best === undefined) throw new RangeError("a race needs an entry");
  for (const { opened } of others) await opened.ours.meter.close();
  console.error(trials.map(({ name, rate }) => `${name}: ${rate.toFixed(1)}/s`).join(", "));
  const title = `${best.opened.runner.title}, quickest of ${trials.length} within the bound`;
  return { ours: best.opened.ours, runner: { ...best.opened.runner, title } };
}

/** Results of a race, or the reason why there was none. */
export type RaceResult = { readonly peers: readonly Runner[]; readonly own: readonly Runner[] } | string;

export async function runRace(
  work: Work,
  environment: PythonEnvironment,
  network: string,
  peers: readonly PeerCandidate[],
  own: readonly OwnCandidate[],
  { rounds, seconds, compile }: RaceOptions,
): Promise<RaceResult> {
  const judges = own[0]?.decisions;
  const entry = judges === undefined ? undefined : choosePeer(peers, judges);
  const binary = listOwn(own, ["binary"]);
  const any = listOwn(own, ["binary", "signed", "multi-level"]);
  if (entry === undefined)
    return `no method of SpikingJelly stays within ${raceLoss} points in ${work.peerSteps} steps (measure it first)`;
  if (binary.length === 0 || any.length === 0)
    return `no T of ours that was measured stays within ${raceLoss} points`;
  const more = compile ? ["--compile"] : [];
  const peer = await openFewStepsPeer(work, environment, network, entry.candidate.method, more);
  const theirs = await openPeerRunners(peer, entry, seconds);
  const ours = [
    await openQuickest(work, binary, "≥ 12", seconds),
    await openQuickest(work, any, "≥ 30", seconds),
  ];
  const all = [...ours.map(({ runner }) => runner), ...theirs];
  for (let round = 0; round < rounds; round++)
    for (const runner of all) runner.rates.push(await runner.round());
  await peer.end();
  for (const { ours: each } of ours) await each.meter.close();
  return { peers: theirs, own: ours.map(({ runner }) => runner) };
}

export function describeRace(network: string, result: RaceResult): string {
  if (typeof result === "string") return `${network}: ${result}`;
  const rows = result.own.flatMap((mine) =>
    result.peers.map((peer) => {
      const ratios = mine.rates.map((rate, round) => rate / (peer.rates[round] as number));
      return [
        network.replace(/\..*$/, ""),
        `${mine.title} (${mine.spikes})`,
        String(mine.T),
        mine.loss.toFixed(1),
        median(mine.rates).toFixed(1),
        `${peer.title} (${peer.spikes})`,
        String(peer.T),
        peer.loss.toFixed(1),
        median(peer.rates).toFixed(2),
        describeSpread(ratios, 1),
        mine.goal,
      ];
    }),
  );
  const head =
    "network,ours,T,loses,images/s,SpikingJelly,T,loses,images/s,ratio (lowest–highest),goal".split(",");
  return `${describeMachine()}\n\n${markdownTable(head, rows)}`;
}
