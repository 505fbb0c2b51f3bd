/**
 * Addresses for buffers that live only for a while, so that later ones use the room of dead ones.
 *
 * Knows: sizes and times. May not know: what the buffers hold.
 */
export interface BufferLife {
  readonly bytes: number;
  /** First and last moment at which the buffer holds something needed, both counted in. */
  readonly from: number;
  readonly to: number;
}

export interface MemoryPlan {
  /** Offset of each buffer, a multiple of 16. */
  readonly offsets: readonly number[];
  readonly bytes: number;
}

const align = (bytes: number) => Math.ceil(bytes / 16) * 16;

/** Largest buffers first, each at the lowest offset where no buffer alive at the same time stands. */
export function planMemory(lives: readonly BufferLife[]): MemoryPlan {
  const offsets = new Array<number>(lives.length).fill(0);
  const placed: { life: BufferLife; start: number; end: number }[] = [];
  const order = lives.map((life, index) => ({ life, index }));
  order.sort((a, b) => b.life.bytes - a.life.bytes || a.index - b.index);
  let bytes = 0;
  for (const { life, index } of order) {
    let start = 0;
    for (const other of placed) {
      const together = other.life.from <= life.to && life.from <= other.life.to;
      if (together && other.start < start + life.bytes && start < other.end) start = other.end;
    }
    const end = start + align(life.bytes);
    offsets[index] = start;
    placed.push({ life, start, end });
    placed.sort((a, b) => a.start - b.start);
    bytes = Math.max(bytes, end);
  }
  return { offsets, bytes };
}
