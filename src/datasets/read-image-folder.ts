/**
 * A folder of class folders, or of `train/` and `test/` holding them → labelled images.
 *
 * Knows: folders, PNG and JPEG by content. May not know: models, the cache.
 *
 * Classes are the folders' names in the order of their code units (as Python sorts them); images
 * of a class are in the order of their names. Names that begin with a dot are passed over, as
 * is Thumbs.db; every other file must be an image.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { type Problem, RespikeError, refuseInput } from "../core/respike-error.js";
import type { Shape } from "../graph/node-types.js";
import type { Dataset, ImageSet } from "./dataset.js";
import type { DatasetOptions } from "./dataset-options.js";
import { type DecodedImage, decodeImage } from "./decode-image.js";
import { fitImage } from "./fit-image.js";

type FolderOptions = Pick<DatasetOptions, "resize" | "signal" | "onProgress" | "onWarning">;

interface ImageFile {
  readonly path: string;
  readonly label: number;
}

/** What all images of a folder may take in memory. */
const largestFolder = 4e9;
/** How many places an error names. */
const mostNamed = 20;

/**
 * @throws RespikeError (exit 3) that names all empty folders and unreadable images, or the files
 *   whose size differs (unless `resize` is given)
 */
export async function readImageFolder(folder: string, options: FolderOptions): Promise<Dataset> {
  // 1. which folders hold which classes
  const roots = await findRoots(folder);
  const names = await Promise.all(roots.map(listFolders));
  const classNames = [...new Set(names.flat())].sort();
  if (classNames.length === 0) {
    throw refuseFolder(
      folder,
      "holds one folder for each class",
      "no folders",
      "put the images of each class into a folder of its name",
    );
  }
  // 2. the images, of one size
  const lists = await Promise.all(roots.map((root, at) => listImages(root, names[at] ?? [], classNames)));
  const decoded = await decodeAll(lists.flat(), options);
  const shape = unifyShapes(decoded, options);
  // 3. the splits
  const sets: ImageSet[] = [];
  let first = 0;
  for (const list of lists) {
    sets.push(toImageSet(decoded.slice(first, first + list.length), shape));
    first += list.length;
  }
  const [train, test = train] = sets as [ImageSet, ImageSet?];
  return {
    name: basename(resolve(folder)),
    shape,
    classes: classNames.length,
    classNames,
    splits: { train, test },
  };
}

/** `train/` and `test/` where they hold folders, else the folder itself. */
async function findRoots(folder: string): Promise<readonly string[]> {
  const top = await listFolders(folder);
  const halves = top.filter((name) => name === "train" || name === "test");
  const inside = await Promise.all(halves.map((half) => listFolders(join(folder, half))));
  if (inside.every((list) => list.length === 0)) return [folder];
  const hollow = inside.findIndex((list) => list.length === 0);
  if (hollow >= 0) {
    throw refuseFolder(
      join(folder, halves[hollow] as string),
      "train/ and test/ both hold one folder for each class",
      "no folders",
      "put its images into folders of the classes' names, as in the other half",
    );
  }
  if (halves.length < 2) {
    throw refuseFolder(
      folder,
      "holds train/ and test/, or class folders",
      `only ${halves[0]}/`,
      "add the other one, or name that folder itself",
    );
  }
  return [join(folder, "train"), join(folder, "test")];
}

function refuseFolder(where: string, rule: string, value: string, next: string): RespikeError {
  return refuseInput({ code: "bad-image-folder", where, rule, value, next });
}

const isPassedOver = (name: string) => name.startsWith(".") || name === "Thumbs.db";

async function listFolders(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => !isPassedOver(name));
  const kinds = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => undefined)));
  return names.filter((_, at) => kinds[at]?.isDirectory() === true).sort();
}

async function listImages(
  root: string,
  present: readonly string[],
  classNames: readonly string[],
): Promise<ImageFile[]> {
  const files: ImageFile[] = [];
  const problems: Problem[] = [];
  for (const name of present) {
    const folder = join(root, name);
    const entries = (await readdir(folder)).filter((entry) => !isPassedOver(entry)).sort();
    if (entries.length === 0) {
      problems.push({
        code: "empty-class",
        where: folder,
        rule: "a class folder holds at least one image",
        value: "empty",
        next: "add images or remove the folder",
      });
    }
    for (const entry of entries) files.push({ path: join(folder, entry), label: classNames.indexOf(name) });
  }
  if (problems.length > 0) throw refuseInput(problems);
  return files;
}

interface LabelledImage extends ImageFile {
  readonly image: DecodedImage;
}

async function decodeAll(files: readonly ImageFile[], options: FolderOptions): Promise<LabelledImage[]> {
  const { signal, onProgress, resize } = options;
  const decoded: LabelledImage[] = [];
  const problems: Problem[] = [];
  let bytes = 0;
  for (const file of files) {
    signal?.throwIfAborted();
    try {
      const image = decodeImage(await readFile(file.path), file.path);
      const fitted =
        resize === undefined ? image : fitImage(image, [image.shape[0], ...resize], true, file.path);
      bytes += fitted.pixels.length;
      decoded.push({ ...file, image: fitted });
    } catch (cause) {
      problems.push(...describeFailure(cause, file.path));
    }
    if (bytes > largestFolder) {
      throw refuseInput([...problems, tooMuch(file.path, bytes)]);
    }
    if (decoded.length % 100 === 0 || decoded.length === files.length) {
      onProgress?.({ phase: "read images", done: decoded.length, total: files.length, unit: "images" });
    }
  }
  if (problems.length > 0) throw refuseInput(limitNamed(problems));
  return decoded;
}

function describeFailure(cause: unknown, path: string): readonly Problem[] {
  if (cause instanceof RespikeError) return cause.problems;
  const value = cause instanceof Error ? cause.message : String(cause);
  return [
    {
      code: "unreadable-image",
      where: path,
      rule: "a whole PNG or JPEG",
      value,
      next: "remove or repair it",
    },
  ];
}

function tooMuch(where: string, bytes: number): Problem {
  return {
    code: "data-too-large",
    where,
    rule: `all images take at most ${largestFolder} bytes decoded`,
    value: `${bytes} up to here`,
    next: "use fewer or smaller images",
  };
}

function limitNamed(problems: readonly Problem[]): readonly Problem[] {
  const [first] = problems;
  if (first === undefined || problems.length <= mostNamed) return problems;
  const rest = problems.length - mostNamed;
  return [...problems.slice(0, mostNamed), { ...first, where: `and ${rest} more`, value: `${rest} files` }];
}

/** One shape for all: the sizes must agree; where some images are coloured, grey ones are made so too. */
function unifyShapes(images: readonly LabelledImage[], { onWarning }: FolderOptions): Shape {
  const sizes = new Map<string, LabelledImage[]>();
  for (const item of images) {
    const size = `${item.image.shape[1]}×${item.image.shape[2]}`;
    const same = sizes.get(size);
    if (same === undefined) sizes.set(size, [item]);
    else same.push(item);
  }
  const [common, ...others] = [...sizes].sort((a, b) => b[1].length - a[1].length);
  if (common === undefined) throw new RangeError("no images");
  if (others.length > 0) {
    throw refuseInput(
      limitNamed(
        others.flatMap(([size, items]) =>
          items.map(({ path }) => ({
            code: "sizes-differ",
            where: path,
            rule: `all images have one size, ${common[0]} as most here`,
            value: size,
            next: "scale it, or let the images be resized",
          })),
        ),
      ),
    );
  }
  const channels = images.some(({ image }) => image.shape[0] === 3) ? 3 : 1;
  const grey = images.filter(({ image }) => image.shape[0] !== channels).length;
  const noted = images.filter(({ image }) => image.notes.length > 0).length;
  const warn = (n: number, message: string) => {
    if (n > 0) onWarning?.({ code: "images-changed", where: `${n} of ${images.length} images`, message });
  };
  warn(grey, "grey was repeated as colour, because others are coloured");
  warn(noted, [...new Set(images.flatMap(({ image }) => image.notes))].slice(0, 5).join("; "));
  const [, height, width] = (images[0] as LabelledImage).image.shape;
  return [channels, height, width];
}

function toImageSet(images: readonly LabelledImage[], shape: Shape): ImageSet {
  const size = shape[0] * shape[1] * shape[2];
  const pixels = new Uint8Array(images.length * size);
  images.forEach(({ image, path }, at) => {
    pixels.set(fitImage(image, shape, false, path).pixels, at * size);
  });
  return { n: images.length, shape, pixels, labels: Int32Array.from(images, ({ label }) => label) };
}
