/** Corpora of the disturbed command lines, made of a tiny run's. */
import { join } from "node:path";
import { type TinyRun, writeCertainModel, writeTexts } from "../cli/tiny_run.ts";

/** A folder of source files: with secrets and without, one that is no text, one that can be run, an empty one. */
export function writeSource({ folder, corpus }: TinyRun): void {
  const source = join(folder, "src");
  Deno.mkdirSync(join(source, "deep"), { recursive: true });
  const texts = Deno.readTextFileSync(corpus).trimEnd().split("\n").map((line) => JSON.parse(line).text);
  for (const name of ["a.py", "deep/b.py"]) Deno.writeTextFileSync(join(source, name), texts.shift());
  Deno.writeTextFileSync(join(source, "run.sh"), texts.at(-1), { mode: 0o755 });
  Deno.writeFileSync(join(source, "image.bin"), new Uint8Array(64));
  Deno.writeTextFileSync(join(source, "empty.py"), "");
}

/** A table of more documents than one piece of a corpus has. */
export async function writeLargeTable({ folder, corpus }: TinyRun): Promise<void> {
  const texts = Deno.readTextFileSync(corpus).trimEnd().split("\n").map((line) => JSON.parse(line).text);
  const path = join(folder, "large.jsonl");
  await writeTexts(path, Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`d${i}`, texts[i % 24]])));
}

/** Texts of which a model is right that says "y" after everything: what `retain` looks for. */
export async function writeCertainTexts({ model, corpus }: TinyRun): Promise<void> {
  await writeCertainModel(model, "y");
  const texts = Array.from({ length: 6 }, (_, i) => [`y${i}`, `# ${i}\n${"y".repeat(200)}\n`]);
  await writeTexts(corpus, Object.fromEntries(texts));
}

/** The tiny run's corpus in another format. */
export function corpusAs(file: string) {
  return async ({ folder, corpus }: TinyRun): Promise<void> => {
    const lines = Deno.readTextFileSync(corpus).trimEnd().split("\n").map((line) => JSON.parse(line));
    await writeTexts(join(folder, file), Object.fromEntries(lines.map(({ doc_id, text }) => [doc_id, text])));
  };
}

/** The tiny run's corpus as compressed lines. */
export async function writeCompressed(files: TinyRun): Promise<void> {
  const plain = join(files.folder, "texts.jsonl");
  await corpusAs("texts.jsonl")(files);
  const stream = new Blob([Deno.readFileSync(plain)]).stream().pipeThrough(new CompressionStream("gzip"));
  await Deno.writeFile(`${plain}.gz`, stream);
  await Deno.remove(plain);
}
