/**
 * Images moved as in training: like unseen ones, where those that a network was trained on are too easy.
 *
 * Knows: pixels, counter-based draws. May not know: data sets, training.
 */
import { randomWord } from "../../core/counter-random.js";
import type { Shape } from "../../graph/node-types.js";

const margin = 4;

/**
 * Each image shifted by up to 4 pixels either way (what comes in is 0), and, where it has colours, mirrored or not:
 * the crop of the padded image and the flip of He et al. 2016. Seed and image index decide.
 *
 * @param pixels [n,C,H,W], read only
 * @param indices of the images in their data set
 */
export function augmentPixels<Values extends Uint8Array | Float32Array>(
  pixels: Values,
  [channels, height, width]: Shape,
  indices: Uint32Array,
  seed: number,
): Values {
  const moved = pixels.slice().fill(0) as Values;
  for (const [image, index] of indices.entries()) {
    const draw = (which: number, choices: number) => randomWord(seed, index, which) % choices;
    const [down, right] = [draw(0, 2 * margin + 1) - margin, draw(1, 2 * margin + 1) - margin];
    const isMirrored = channels === 3 && draw(2, 2) === 1;
    for (let c = 0; c < channels; c++) {
      const plane = (image * channels + c) * height * width;
      for (let y = Math.max(0, -down); y < Math.min(height, height - down); y++) {
        for (let x = Math.max(0, -right); x < Math.min(width, width - right); x++) {
          const from = isMirrored ? width - 1 - (x + right) : x + right;
          moved[plane + y * width + x] = pixels[plane + (y + down) * width + from] as number;
        }
      }
    }
  }
  return moved;
}
