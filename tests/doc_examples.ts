/**
 * Examples of doc comments as one test module a folder: `deno test --doc` starts each of some 1,300 in an isolate of its
 * own, which takes half a second, 11 minutes in all.
 *
 * @module
 */
import { join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Code between fences of a doc comment. */
export interface DocExample {
  /** Lines of the file, the fences' own left out, from 1. */
  lines: [first: number, last: number];
  code: string;
}

/** The examples of a file, in order. */
export function docExamples(text: string): DocExample[] {
  const examples: DocExample[] = [];
  for (const comment of text.matchAll(/\/\*\*.*?\*\//gs)) {
    const line = text.slice(0, comment.index).split("\n").length;
    const rows = comment[0].split("\n").map((row) => row.replace(/^\s*\* ?/, ""));
    for (let first = rows.indexOf("```ts"); first >= 0; first = rows.indexOf("```ts", first + 1)) {
      const last = rows.indexOf("```", first);
      const code = rows.slice(first + 1, last).join("\n");
      examples.push({ lines: [line + first + 1, line + last - 1], code });
    }
  }
  return examples;
}

/**
 * A module with an example as a test: its imports, and what it resolves, lead to what they led to from `path`, whose own
 * exports it has.
 */
export function testModule(path: string, { lines, code }: DocExample, exported: readonly string[]): string {
  const imports: string[] = [];
  const fromPath = (to: string) => new URL(to, pathToFileURL(path)).href;
  const body = code.replace(/^import\s[^;]*;$/gm, (line) => {
    imports.push(line.replace(/(?<=from ")\.[^"]*/, fromPath));
    return "";
  }).replace(/(?<=import\.meta\.resolve\(")\.[^"]*/g, fromPath);
  const known = imports.join("\n");
  const own = exported.filter((name) => hasWord(body, name) && !hasWord(known, name));
  if (own.length > 0) imports.push(`import { ${own.join(", ")} } from "${pathToFileURL(path).href}";`);
  const name = `${relative(ROOT, path)}#${lines.join("-")}`;
  return `${imports.join("\n")}\nDeno.test(${JSON.stringify(name)}, async () => {\n${body}\n});\n`;
}

function hasWord(text: string, word: string): boolean {
  return new RegExp(`(?<!\\w|(?<!\\.\\.)\\.)${word}\\b`).test(text);
}

/** Writes the examples of a folder's files as modules, and one that imports them, whose path it gives, as of each folder in it. */
async function writeExamples(folder: string, into: string): Promise<string[]> {
  const written: string[] = [];
  const imports: string[] = [];
  const entries = [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1);
  for (const { name, isFile } of entries) {
    const path = join(folder, name);
    if (!isFile) written.push(...await writeExamples(path, into));
    else if (name.endsWith(".ts")) {
      const text = await Deno.readTextFile(path);
      const exported = text.matchAll(/^export (?:async )?(?:class|const|function\*?) (\w+)/gm);
      const names = [...new Set(Array.from(exported, ([, name]) => name!))]; // overloads stand there more than once
      for (const example of docExamples(text)) {
        const module = `${relative(ROOT, path).replaceAll("/", "-")}-${example.lines[0]}.ts`;
        await Deno.writeTextFile(join(into, module), testModule(path, example, names));
        imports.push(`import "./${module}";\n`);
      }
    }
  }
  if (imports.length === 0) return written;
  const all = join(into, `${relative(ROOT, folder).replaceAll("/", "-")}_test.ts`);
  await Deno.writeTextFile(all, imports.join(""));
  return [all, ...written];
}

/**
 * Does something with paths of tests, in which modules of examples stand for `lib`. They lie within the tests, for what
 * goes by where an error was made, and are gone afterwards.
 */
export async function withExamples<Result>(
  paths: readonly string[],
  work: (paths: readonly string[]) => Promise<Result>,
): Promise<Result> {
  const isLibrary = (path: string) => resolve(ROOT, path) === join(ROOT, "lib");
  if (!paths.some(isLibrary)) return await work(paths);
  const into = await Deno.makeTempDir({ dir: join(ROOT, "tests"), prefix: "examples-", suffix: ".tmp" });
  try {
    const modules = await writeExamples(join(ROOT, "lib"), into);
    return await work(paths.flatMap((path) => isLibrary(path) ? modules : path));
  } finally {
    await Deno.remove(into, { recursive: true });
  }
}
