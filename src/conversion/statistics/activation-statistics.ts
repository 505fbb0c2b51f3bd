/**
 * What the calibration images show of each activation: its λ, its largest value, its dead channels.
 *
 * Knows: jobs, histograms, the contract's "Statistics". May not know: which layers will spike.
 *
 * Constant memory; the same numbers for any batch size, order of images and number of threads.
 */
import type { ProgressEvent } from "../../core/progress.js";
import type { TaskHandler, TaskRunner } from "../../core/task-runner.js";
import { countElements } from "../../core/tensor.js";
import type { Graph } from "../../graph/graph.js";
import type { Preprocessing } from "../../graph/preprocessing.js";
import { describePixels, type PixelTask } from "../image-source.js";
import { type PixelNetworkShared, preparePixelNetwork } from "../pixel-network.js";
import { ActivationHistogram, type SparseHistogram } from "./activation-histogram.js";
import { chooseThreshold, type ThresholdRule } from "./threshold-rules.js";

/** The job's name in a worker's table. */
export const statisticsKind = "activation-statistics";

export type StatisticsScope = "layer" | "channel";

export interface StatisticsShared extends PixelNetworkShared {
  /** Nodes whose values are counted; negative values count as 0. */
  readonly ids: readonly string[];
  /** One for each id. */
  readonly scopes: readonly StatisticsScope[];
}

/** One node's part of a task. */
interface NodeCounts {
  /** One histogram, or one a channel. */
  readonly histograms: readonly SparseHistogram[];
  /** Largest value of each channel, [C]. */
  readonly channelMax: Float32Array;
}

/** The statistic of one node. */
export interface ActivationStatistic {
  /** One number (scope `layer`) or one a channel, by the rule; 0 where all values are 0. */
  readonly lambda: readonly number[];
  /** Exact largest value of each channel, [C]. */
  readonly channelMax: readonly number[];
  /** Mean of min(a, λ)/λ over images, positions and channels: the rate of binary neurons; 0 where λ is 0. */
  readonly rate: number;
  /** Places in `lambda` where the percentile was 0 and the maximum, which was taken, was not. */
  readonly raised: readonly number[];
}

/** Handler of the job `activation-statistics`. */
export async function startStatisticsHandler(
  shared: StatisticsShared,
): Promise<TaskHandler<PixelTask, readonly NodeCounts[]>> {
  const network = await preparePixelNetwork(shared);
  const { ids, scopes } = shared;
  const counted = ids.map((id, at) => startCounts(network.graph, id, scopes[at] as StatisticsScope));
  return {
    handle: (task) =>
      network.run(task, ids).map((values, at) => countValues(values, task.n, counted[at] as NodeHistograms)),
    free: () => network.free(),
  };
}

/** @param into of an earlier task, used again */
function countValues(
  values: Float32Array,
  n: number,
  { histograms, channelMax }: NodeHistograms,
): NodeCounts {
  const channels = channelMax.length;
  const area = values.length / n / channels;
  const isWhole = histograms.length < channels;
  for (const histogram of histograms) histogram.clear();
  channelMax.fill(0);
  for (let plane = 0; plane < n * channels; plane++) {
    const channel = plane % channels;
    let max = channelMax[channel] as number;
    for (let at = plane * area; at < (plane + 1) * area; at++) {
      if ((values[at] as number) > max) max = values[at] as number;
    }
    channelMax[channel] = max;
    if (!isWhole) histograms[channel]?.add(values, plane * area, (plane + 1) * area);
  }
  if (isWhole) histograms[0]?.add(values);
  return { histograms: histograms.map((each) => each.toSparse()), channelMax: channelMax.slice() };
}

/** What a statistic is asked of. */
export interface StatisticsRequest {
  readonly graph: Graph;
  readonly preprocessing: Preprocessing;
  readonly ids: readonly string[];
  /** One for each id. */
  readonly scopes: readonly StatisticsScope[];
  /** How λ comes from the values. */
  readonly rule: ThresholdRule;
  readonly wasmUrl?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((event: ProgressEvent) => void) | undefined;
}

/** Images a task may hold, so that the kept values of a batch stay near 32 MB. */
export function chooseBatch(graph: Graph, ids: readonly string[]): number {
  const values = ids.reduce((sum, id) => sum + countElements(graph.shape(id)), 0);
  return Math.max(1, Math.min(32, Math.floor(2 ** 23 / Math.max(1, values))));
}

/** @returns id → statistic, for the images of all tasks (`total` of them, for the progress) */
export async function collectStatistics(
  runner: TaskRunner,
  request: StatisticsRequest,
  tasks: Iterable<PixelTask> | AsyncIterable<PixelTask>,
  total: number,
): Promise<Map<string, ActivationStatistic>> {
  return readStatistics(await collectHistograms(runner, request, tasks, total), request.rule);
}

/** What the statistics are read from, node by node in the order of `ids`; it does not depend on the rule. */
export async function collectHistograms(
  runner: TaskRunner,
  { graph, preprocessing, ids, scopes, wasmUrl, signal, onProgress }: StatisticsRequest,
  tasks: Iterable<PixelTask> | AsyncIterable<PixelTask>,
  total: number,
): Promise<readonly NodeHistograms[]> {
  const collected = ids.map((id, at) => startCounts(graph, id, scopes[at] as StatisticsScope));
  let done = 0;
  onProgress?.({ phase: "activation statistics", done, total, unit: "images" });
  await runner.run<StatisticsShared, PixelTask, readonly NodeCounts[]>({
    kind: statisticsKind,
    shared: { nodes: graph.nodes, preprocessing, ids, scopes, wasmUrl },
    tasks,
    describe: describePixels,
    signal,
    onResult(result) {
      for (const [which, part] of result.entries()) addCounts(collected[which] as NodeHistograms, part);
      const [first] = collected;
      const [plane] = first === undefined ? [1] : [countElements(graph.shape(first.id))];
      const counted = first?.histograms.reduce((sum, each) => sum + each.n, 0) ?? 0;
      done = counted / (plane as number);
      onProgress?.({ phase: "activation statistics", done, total, unit: "images" });
    },
  });
  return collected;
}

/** What all images showed of one node. */
export interface NodeHistograms {
  readonly id: string;
  /** One (scope `layer`), or one a channel. */
  readonly histograms: readonly ActivationHistogram[];
  /** [C] */
  readonly channelMax: Float32Array;
}

export function startCounts(graph: Graph, id: string, scope: StatisticsScope): NodeHistograms {
  const [channels] = graph.shape(id);
  const length = scope === "layer" ? 1 : channels;
  const histograms = Array.from({ length }, () => new ActivationHistogram());
  return { id, histograms, channelMax: new Float32Array(channels) };
}

function addCounts({ histograms, channelMax }: NodeHistograms, part: NodeCounts): void {
  for (const [at, histogram] of part.histograms.entries()) histograms[at]?.merge(histogram);
  for (const [c, max] of part.channelMax.entries()) channelMax[c] = Math.max(channelMax[c] as number, max);
}

export function readStatistics(
  collected: readonly NodeHistograms[],
  rule: ThresholdRule,
): Map<string, ActivationStatistic> {
  return new Map(
    collected.map(({ id, histograms, channelMax }) => [id, readStatistic(histograms, channelMax, rule)]),
  );
}

function readStatistic(
  histograms: readonly ActivationHistogram[],
  channelMax: Float32Array,
  rule: ThresholdRule,
): ActivationStatistic {
  const raised: number[] = [];
  const lambda = histograms.map((histogram, at) => {
    const value = chooseThreshold(histogram, rule);
    if (value > 0 || histogram.max === 0) return value;
    raised.push(at);
    return histogram.max;
  });
  const shares = histograms.map((histogram, at) => {
    const limit = lambda[at] as number;
    return limit > 0 ? histogram.meanShare(limit) : 0;
  });
  const rate = shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
  return { lambda, channelMax: Array.from(channelMax), rate, raised };
}
