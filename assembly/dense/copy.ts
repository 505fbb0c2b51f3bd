/** Moving elements between layouts. */

/** Writes zeros. */
export function fillZero(y: usize, size: usize): void {
  memory.fill(y, 0, size);
}

/** y[r, c, k] = x[r, c, k] over a block of rows × columns × depth elements, all strides in bytes. */
export function copyBlock(
  x: usize, xRow: usize, xColumn: usize, xDepth: usize,
  y: usize, yRow: usize, yColumn: usize, yDepth: usize,
  rows: usize, columns: usize, depth: usize,
): void {
  if (xDepth == 4 && yDepth == 4) {
    if (xColumn == 4 * depth && yColumn == xColumn) {
      depth *= columns;
      columns = 1;
    }
    copyRuns(x, xRow, xColumn, y, yRow, yColumn, rows, columns, 4 * depth);
    return;
  }
  for (let r: usize = 0; r < rows; r++) {
    for (let k: usize = 0; k < depth; k++) {
      let from = x + r * xRow + k * xDepth;
      let to = y + r * yRow + k * yDepth;
      for (let c: usize = 0; c < columns; c++) {
        store<f32>(to, load<f32>(from));
        from += xColumn;
        to += yColumn;
      }
    }
  }
}

/** Blocks whose innermost runs of `size` bytes lie together on both sides. */
function copyRuns(
  x: usize, xRow: usize, xColumn: usize, y: usize, yRow: usize, yColumn: usize,
  rows: usize, columns: usize, size: usize,
): void {
  const fours = size & ~15;
  for (let r: usize = 0; r < rows; r++) {
    for (let c: usize = 0; c < columns; c++) {
      const from = x + r * xRow + c * xColumn;
      const to = y + r * yRow + c * yColumn;
      let i: usize = 0;
      for (; i < fours; i += 16) v128.store(to + i, v128.load(from + i));
      for (; i < size; i += 4) store<f32>(to + i, load<f32>(from + i));
    }
  }
}
