/**
 * The examples that the documentation promises: code blocks of pages, `@example` blocks of public functions.
 *
 * Knows: Markdown fences, TypeScript's own reading of TSDoc. May not know: what examples do.
 */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export const root = fileURLToPath(new URL("../../../", import.meta.url));

export interface Example {
  readonly title: string;
  readonly code: string;
}

const readFences = (text: string) => [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = ""]) => code);

export function readPage(path: string): readonly Example[] {
  const codes = readFences(readFileSync(join(root, path), "utf8"));
  return codes.map((code, index) => ({ title: `${path}, example ${index + 1}`, code }));
}

export interface PublicValue {
  readonly name: string;
  readonly examples: readonly Example[];
}

/** Every function and class that an entry (`src/index.ts`) exports, of files below `folder`. */
export function readPublicValues(entryPath: string, folder = "src"): readonly PublicValue[] {
  const entry = join(root, entryPath);
  const { NodeNext } = ts.ModuleKind;
  const program = ts.createProgram([entry], { module: NodeNext, target: ts.ScriptTarget.ES2023, types: [] });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(entry);
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${entry} exports nothing`);
  return checker.getExportsOfModule(module).flatMap((exported) => {
    const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
    const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported;
    if ((symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Class)) === 0) return [];
    const file = symbol.declarations?.[0]?.getSourceFile().fileName ?? "";
    if (relative(join(root, folder), file).startsWith("..")) return [];
    const tags = symbol.getJsDocTags(checker).filter(({ name }) => name === "example");
    const codes = tags.flatMap(({ text }) => readFences(`${ts.displayPartsToString(text)}\n`));
    const examples = codes.map((code) => ({ title: `@example of ${exported.name}`, code }));
    return [{ name: exported.name, examples }];
  });
}

/** What the comments behind `console.log(…);` say is printed; null where a line says nothing. */
export function readPrinted(code: string): readonly (string | null)[] {
  return [...code.matchAll(/^ *console\.log\(.*\);(?: \/\/ (.*))?$/gm)].map(([, says]) => says ?? null);
}
