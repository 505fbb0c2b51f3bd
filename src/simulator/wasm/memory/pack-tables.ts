/**
 * Weights of a layer in the order in which tables are built: blocks of 16 outputs, runs of source bytes.
 *
 * Knows: windows, spike layouts. May not know: addresses, images.
 */
import type { WindowSynapses } from "../../plan/window-synapses.js";
import { wordBytes } from "../planning/spike-planes.js";
import type { SpikeLayout } from "./spike-layout.js";

/** Source bytes that lie side by side in every window of a target row. */
export interface Run {
  readonly window: WindowSynapses;
  readonly layout: SpikeLayout;
  /** Source row of target row Y: Y·stride + rowOffset. */
  readonly rowOffset: number;
  /** First byte of the window of target column 0, relative to column 0 of the source; may be negative. */
  readonly firstByte: number;
  readonly bytes: number;
}

export interface TableBlock {
  /** The first row of the window that a rows kernel runs; its tables come first. */
  readonly rows: Run | null;
  /** [tables][12 bits][16 outputs] of the rows kernel. */
  readonly rowsWeights: Float64Array;
  readonly runs: readonly Run[];
  /** [bytes][8 source channels][16 outputs], run after run. */
  readonly weights: Float64Array;
}

interface Word {
  readonly ky: number;
  readonly at: number;
  readonly kx: number;
  readonly word: number;
}

/**
 * One entry a block of 16 output channels; words of source channels without a weight in the block are left out.
 *
 * @param rows the window that a rows kernel runs, if any; one of `windows`
 */
export function packTables(
  windows: readonly WindowSynapses[],
  layouts: ReadonlyMap<string, SpikeLayout>,
  outputs: number,
  rows: WindowSynapses | undefined,
): readonly TableBlock[] {
  return Array.from({ length: Math.ceil(outputs / 16) }, (_, block) => {
    const runs: Run[] = [];
    const weights: Float64Array[] = [];
    const rowsLayout = rows && (layouts.get(rows.source) as SpikeLayout);
    const rowsWords = rows && rowsLayout ? allWords(rows, rowsLayout) : [];
    for (const window of windows) {
      if (window === rows) continue;
      const layout = layouts.get(window.source) as SpikeLayout;
      const words = allWords(window, layout).filter((word) =>
        wordWeights(window, word, block).some((w) => w !== 0),
      );
      runs.push(...joinRuns(window, layout, words));
      for (const word of words) weights.push(wordWeights(window, word, block));
    }
    return {
      rows: (rows && rowsLayout && joinRuns(rows, rowsLayout, rowsWords)[0]) ?? null,
      rowsWeights: joinArrays(rowsWords.map((word) => wordWeights(rows as WindowSynapses, word, block))),
      runs,
      weights: joinArrays(weights),
    };
  });
}

/** Words of one row that lie side by side, together. */
function joinRuns(window: WindowSynapses, layout: SpikeLayout, words: readonly Word[]): readonly Run[] {
  const runs: Run[] = [];
  let previous: Word | undefined;
  for (const word of words) {
    const last = runs[runs.length - 1];
    if (last && previous && word.ky === previous.ky && word.at === previous.at + wordBytes) {
      runs[runs.length - 1] = { ...last, bytes: last.bytes + 2 };
    } else {
      const rowOffset = window.offset[0] + word.ky * window.dilation[0];
      runs.push({ window, layout, rowOffset, firstByte: word.at, bytes: 2 });
    }
    previous = word;
  }
  return runs;
}

function joinArrays(parts: readonly Float64Array[]): Float64Array {
  const joined = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Words of 16 source channels in the window, by row, then by address. */
function allWords(window: WindowSynapses, layout: SpikeLayout): readonly Word[] {
  const words: Word[] = [];
  for (let ky = 0; ky < window.kernel[0]; ky++) {
    for (let kx = 0; kx < window.kernel[1]; kx++) {
      for (let word = 0; word < layout.blocks; word++) {
        const at = (window.offset[1] + kx * window.dilation[1]) * layout.pixel + word * wordBytes;
        words.push({ ky, kx, word, at });
      }
    }
  }
  return words.sort((a, b) => a.ky - b.ky || a.at - b.at);
}

/** [16 source channels][16 outputs], zeros where channels do not exist. */
function wordWeights(window: WindowSynapses, { ky, kx, word }: Word, block: number): Float64Array {
  const [sources, targets] = [window.sourceShape[0], window.targetShape[0]];
  const weights = new Float64Array(256);
  for (let i = 0; i < 16 && word * 16 + i < sources; i++) {
    const from = ((ky * window.kernel[1] + kx) * sources + word * 16 + i) * targets + block * 16;
    for (let o = 0; o < 16 && block * 16 + o < targets; o++)
      weights[i * 16 + o] = window.weights[from + o] as number;
  }
  return weights;
}
