/**
 * A reproduction as an array job of SLURM and a job that merges its parts.
 *
 * Knows: sbatch's directives. May not know: whether there is a SLURM, how jobs are run.
 */
import { join } from "node:path";
import { quoteCommand } from "../../report/sections/provenance-sections.js";

export interface SlurmRequest {
  readonly target: string;
  /** Tasks of the array. */
  readonly parts: number;
  readonly threads: number;
  /** Absolute: parts, logs and the whole go there. */
  readonly folder: string;
  /** Node and the command line's main file. */
  readonly program: readonly string[];
  /** Words after `reproduce TARGET`, paths absolute. */
  readonly flags: readonly string[];
}

export interface SlurmScripts {
  readonly array: string;
  readonly merge: string;
  /** Submits both; the second waits for all tasks of the first, and goes where one fails. */
  readonly submit: string;
}

/** Killed or requeued tasks go on where they stopped: each has `--resume`. */
export function writeSlurmScripts(request: SlurmRequest): SlurmScripts {
  const { target, parts, threads, folder, program, flags } = request;
  const head = (name: string, directives: readonly string[]) => [
    "#!/bin/bash",
    `#SBATCH --job-name=${name}`,
    ...directives.map((line) => `#SBATCH ${line}`),
    "set -euo pipefail",
  ];
  const part = (index: string) => `${quoteCommand([join(folder, "part-")])}${index}`;
  const partWords = [...program, "reproduce", target, ...flags, "--progress", "plain", "--resume"];
  const merged = Array.from({ length: parts }, (_, at) => join(folder, `part-${at + 1}`));
  const array = [
    ...head(`respike-${target}`, [
      `--array=1-${parts}`,
      `--cpus-per-task=${threads}`,
      "--requeue",
      `--output=${quoteCommand([join(folder, "part-%a.log")])}`,
    ]),
    `exec ${quoteCommand(partWords)} --threads "\${SLURM_CPUS_PER_TASK:-${threads}}" \\`,
    `  --shard "$SLURM_ARRAY_TASK_ID/${parts}" --out ${part('"$SLURM_ARRAY_TASK_ID"')}`,
  ];
  const mergeWords = [...program, "merge", ...merged, "--out", join(folder, "whole"), "--force"];
  const merge = [
    ...head(`respike-${target}-merge`, [`--output=${quoteCommand([join(folder, "merge.log")])}`]),
    `exec ${quoteCommand(mergeWords)}`,
  ];
  const submit = [
    "#!/bin/bash",
    "set -euo pipefail",
    `array=$(sbatch --parsable ${quoteCommand([join(folder, "array.sbatch")])})`,
    `merge=$(sbatch --parsable --kill-on-invalid-dep=yes --dependency=afterok:"\${array%%;*}" ${quoteCommand([join(folder, "merge.sbatch")])})`,
    `echo "array \${array%%;*}, merge \${merge%%;*}"`,
  ];
  const text = (lines: readonly string[]) => `${lines.join("\n")}\n`;
  return { array: text(array), merge: text(merge), submit: text(submit) };
}
