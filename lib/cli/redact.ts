/**
 * `redact`: a corpus with the secrets that `detect` found in it replaced, for training without them. Everything else
 * stays as it was: names, columns, bytes.
 *
 * @module
 */
import { basename, dirname, join, relative } from "node:path";
import { readPiece } from "../datasets/corpus_piece.ts";
import { corpusPieces, corpusTables, countDocuments } from "../datasets/corpus_pieces.ts";
import { type RedactPlace, redactText } from "../datasets/redact_text.ts";
import { rewriteTexts } from "../datasets/rewrite_texts.ts";
import { readRows } from "../datasets/row_table.ts";
import { temporaryPath } from "../write_file.ts";
import { type Context, defineCommand } from "./command.ts";
import { lstat } from "./output.ts";
import { openRunFiles } from "./run_files.ts";
import { secretKey } from "./secret_key.ts";
import { reasonOf } from "../reason.ts";

const COLUMNS = {
  doc_id: "text",
  tag: "text",
  detector: "text",
  start: "int",
  end: "int",
  fingerprint: "text",
} as const;

/**
 * The command `redact`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./redact.ts";
 *
 * assertEquals(command.options.by.default, "made-up");
 * ```
 */
export const command = defineCommand({
  args: { corpus: { kind: "path", describe: "what detect was given", required: true } },
  options: {
    secrets: { kind: "path", describe: "table that detect wrote", metavar: "F", required: true },
    by: {
      kind: "choice",
      describe: "by made-up values of the same format, or by tags such as <EMAIL>",
      choices: ["made-up", "tag"],
      default: "made-up",
    },
    exclude: { kind: "list", describe: "leave out files as .gitignore would", metavar: "PATTERN" },
    out: { kind: "path", describe: "folder of the redacted corpus", metavar: "DIR", required: true },
  },
  config: true,
  writes: true,
  async run({ corpus, secrets, by, exclude, out }, context) {
    using run = await openRunFiles([out], {
      command: "redact",
      context,
      kind: "folder",
      inputs: { corpus: { path: corpus, exclude }, secrets },
    });
    const places = new Map<string, RedactPlace[]>();
    for (const { doc_id, ...place } of await readRows(secrets, COLUMNS)) {
      const known = places.get(doc_id);
      if (known) known.push(place);
      else places.set(doc_id, [place]);
    }
    const redactor = new Redactor(places, { key: await secretKey(), by });
    const temporary = temporaryPath(out);
    await Deno.mkdir(temporary);
    try {
      const counts = await redactCorpus(corpus, temporary, { redactor, exclude, context });
      redactor.finish(secrets);
      const summary = { ...counts, changed: redactor.changed, replaced: redactor.replaced, out };
      await run.finish(summary, async () => {
        if (await lstat(out)) await Deno.remove(out, { recursive: true });
        await Deno.rename(temporary, out);
      });
      return { text: describe(summary), summary };
    } catch (error) {
      await Deno.remove(temporary, { recursive: true }).catch(() => {}); // what made it fail is said
      throw error;
    }
  },
});

/** Replaces what stands in a table of secrets, and keeps count of it. */
class Redactor {
  readonly #places: Map<string, RedactPlace[]>;
  readonly #options: { key: Uint8Array; by: "made-up" | "tag" };
  /** Documents. */
  changed = 0;
  /** Places. */
  replaced = 0;

  constructor(places: Map<string, RedactPlace[]>, options: { key: Uint8Array; by: "made-up" | "tag" }) {
    this.#places = places;
    this.#options = options;
  }

  /** @throws {RangeError} If the document is not what it was when its secrets were found. */
  text(docId: string, text: string): string {
    const places = this.#places.get(docId);
    if (!places) return text;
    this.#places.delete(docId);
    this.changed++;
    this.replaced += places.length;
    try {
      return redactText(text, places, this.#options);
    } catch (cause) {
      const what = reasonOf(cause);
      throw new RangeError(`Cannot redact "${docId}": ${what}: run detect again`, { cause });
    }
  }

  /** @throws {RangeError} If secrets are left of documents that did not come. */
  finish(secrets: string): void {
    const [first] = this.#places.keys();
    if (first === undefined) return;
    throw new RangeError(
      `Cannot redact by "${secrets}": the corpus has no document "${first}" (${this.#places.size} are missing)`,
    );
  }
}

interface RedactCorpusOptions {
  redactor: Redactor;
  exclude: readonly string[];
  context: Pick<Context, "progress" | "breathe">;
}

/** Writes the corpus into a folder. */
async function redactCorpus(
  corpus: string,
  folder: string,
  { redactor, exclude, context: { progress, breathe } }: RedactCorpusOptions,
): Promise<{ documents: number; skipped: number }> {
  const tables = await corpusTables(corpus);
  const stage = progress.start("Redacting", await countDocuments(corpus, { exclude, breathe }), "documents");
  const counts = { documents: 0, skipped: 0 };
  for (const table of tables) {
    const name = tables[0] === corpus ? basename(table) : relative(corpus, table);
    await Deno.mkdir(join(folder, dirname(name)), { recursive: true });
    counts.documents += await rewriteTexts(table, join(folder, name), {
      first: counts.documents,
      rewrite: (docId, text) => {
        stage.advance();
        return redactor.text(docId, text.toWellFormed());
      },
    });
    await breathe();
  }
  if (tables.length === 0) {
    for await (const { source } of corpusPieces(corpus, { exclude, breathe })) {
      const { documents, skipped, unnamed } = await readPiece(source);
      counts.skipped += skipped.length + unnamed.length;
      for (const { docId, text } of documents) {
        await breathe();
        const path = join(folder, docId);
        await Deno.mkdir(dirname(path), { recursive: true });
        await Deno.writeTextFile(path, redactor.text(docId, text));
        counts.documents++;
      }
      stage.advance(documents.length + skipped.length + unnamed.length);
    }
  }
  stage.done();
  return counts;
}

function describe(
  { documents, skipped, changed, replaced, out }: {
    documents: number;
    skipped: number;
    changed: number;
    replaced: number;
    out: string;
  },
): string {
  return [
    `${replaced} places replaced in ${changed} of ${documents} documents`,
    ...(skipped > 0 ? [`${skipped} files that are no text were left out`] : []),
    `written: ${out}`,
  ].join("\n");
}
