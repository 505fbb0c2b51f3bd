/**
 * The architectures that weights-only files can have, as data.
 *
 * Knows: depths and widths of the CIFAR networks of He et al. 2016 (section 4.2) and their smallest
 * relative. May not know: keys of files, tensors.
 *
 * A network has a stem (3×3 convolution), three stages of n blocks of two 3×3 convolutions, a global
 * average pool and a linear layer. Depth = 6n + 2. The first block of stages 2 and 3 has stride 2.
 */
export interface Architecture {
  readonly name: string;
  /** `plain` has no shortcuts. */
  readonly family: "resnet" | "plain";
  readonly blocksPerStage: number;
  /** Channels of each stage. */
  readonly widths: readonly number[];
}

const widths = [16, 32, 64];

function describeDepths(family: "resnet" | "plain", depths: readonly number[]): Architecture[] {
  return depths.map((depth) => ({
    name: `${family}${depth}`,
    family,
    blocksPerStage: (depth - 2) / 6,
    widths,
  }));
}

export const architectures: readonly Architecture[] = [
  ...describeDepths("resnet", [8, 20, 32, 44, 56, 110]),
  ...describeDepths("plain", [20, 32, 44, 56]),
];
