/**
 * `redact`: a corpus with the secrets that `detect` found in it replaced, for training without them. Everything else
 * stays as it was: names, columns, bytes.
 *
 * @module
 */
import { basename, dirname, join, relative } from "node:path";
import { FOUND_COLUMNS } from "../../datasets/columns.ts";
import { countDocuments } from "../../datasets/corpus_pieces.ts";
import { type RedactPlace, redactText, type Replacement } from "../../datasets/redact_text.ts";
import { copyBeside, rewriteFolder } from "../../datasets/rewrite_folder.ts";
import { rewriteTexts } from "../../datasets/rewrite_texts.ts";
import { type CorpusSource, resolveCorpus } from "../../datasets/resolve_corpus.ts";
import { readRows } from "../../datasets/row_table.ts";
import { RowIds } from "../../datasets/seen_ids.ts";
import { makeFolder, removePath, renamePath } from "../../files/folders.ts";
import { reasonOf } from "../../files/reason.ts";
import { notWritten, temporaryPath } from "../../files/write_file.ts";
import { type Context, defineCommand } from "../command.ts";
import { CORPUS_OPTIONS, describeCorpus, givenCorpus } from "../corpus_options.ts";
import { lstat } from "../output.ts";
import { openRunFiles } from "../run_files.ts";
import { keySetting, secretKey } from "../secret_key.ts";

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
  args: { corpus: { kind: "path", describe: "what detect was given", required: true, orInput: true } },
  options: {
    secrets: { kind: "path", describe: "table that detect wrote", metavar: "F", required: true },
    by: {
      kind: "choice",
      describe: "by made-up values of the same format, or by tags such as <EMAIL>",
      choices: ["made-up", "tag"],
      default: "made-up",
    },
    ...CORPUS_OPTIONS,
    out: { kind: "path", describe: "folder of the redacted corpus", metavar: "DIR", required: true },
  },
  config: true,
  writes: true,
  async run({ corpus: given, secrets, by, out, ...values }, context) {
    using input = await givenCorpus(given, values);
    const { exclude } = values;
    const key = await secretKey();
    using run = await openRunFiles([out], {
      command: "redact",
      context: { ...context, settings: { ...context.settings, key: keySetting(key) } },
      kind: "folder",
      inputs: { corpus: input.input, secrets },
    });
    const places = new Map<string, DocumentPlaces>();
    for (const [row, { doc_id, ...place }] of (await readRows(secrets, FOUND_COLUMNS)).entries()) {
      const known = places.get(doc_id);
      if (known) known.places.push(place);
      else places.set(doc_id, { row, places: [place] });
    }
    const redactor = new Redactor(places, { key, by });
    const source = await resolveCorpus(input.path, { ...input.options, breathe: context.breathe });
    const temporary = temporaryPath(out);
    await makeFolder(temporary);
    try {
      const counts = await redactCorpus(source, temporary, { redactor, exclude, context });
      redactor.finish(secrets);
      const { lines, summary: read } = describeCorpus(source);
      const summary = { ...counts, changed: redactor.changed, replaced: redactor.replaced, ...read, out };
      await run.finish(summary, async () => {
        const old = temporaryPath(out);
        if (await lstat(out)) await renamePath(out, old);
        await renamePath(temporary, out);
        if (await lstat(old)) await removePath(old);
      });
      return { text: [...lines, describe(summary)].join("\n"), summary };
    } catch (error) {
      await Deno.remove(temporary, { recursive: true }).catch(() => {}); // what made it fail is said
      if ((error as { code?: string }).code === undefined) throw error;
      throw notWritten(out, error);
    }
  },
});

/** The secrets of a document, and the row of the first in the table of secrets. */
interface DocumentPlaces {
  row: number;
  places: RedactPlace[];
}

/** Replaces what stands in a table of secrets, and keeps count of it. */
class Redactor {
  readonly #places: Map<string, DocumentPlaces>;
  readonly #options: { key: Uint8Array; by: "made-up" | "tag" };
  /** Documents. */
  changed = 0;
  /** Places. */
  replaced = 0;

  constructor(places: Map<string, DocumentPlaces>, options: { key: Uint8Array; by: "made-up" | "tag" }) {
    this.#places = places;
    this.#options = options;
  }

  /**
   * What stands in for a document's secrets.
   *
   * @param name of the document in messages
   * @throws {RangeError} If the document is not what it was when its secrets were found.
   */
  replacements(docId: string, text: string, name: string): readonly Replacement[] {
    const found = this.#places.get(docId);
    if (!found) return [];
    this.#places.delete(docId);
    this.changed++;
    this.replaced += found.places.length;
    try {
      return redactText(text, found.places, this.#options);
    } catch (cause) {
      const what = reasonOf(cause);
      throw new RangeError(`Cannot redact ${name}: ${what}: run detect again`, { cause });
    }
  }

  /** @throws {RangeError} If secrets are left of documents that did not come. */
  finish(secrets: string): void {
    const [first] = this.#places.values();
    if (!first) return;
    throw new RangeError(
      `Cannot redact by "${secrets}": the corpus has no such document as its row ${first.row} names (${this.#places.size} are missing)`,
    );
  }
}

interface RedactCorpusOptions {
  redactor: Redactor;
  exclude: readonly string[];
  context: Pick<Context, "progress" | "breathe">;
}

interface RedactCounts {
  /** Documents that were searched, and rows without a text. */
  documents: number;
  /** Files and rows that were copied without being searched. */
  unsearched: number;
  /** Files and links. */
  left_out: number;
}

/** Writes the corpus into a folder. */
async function redactCorpus(
  source: CorpusSource,
  folder: string,
  { redactor, exclude, context: { progress, breathe } }: RedactCorpusOptions,
): Promise<RedactCounts> {
  const { path: corpus, tables, columns } = source;
  const stage = progress.start("Redacting", await countDocuments(source, { exclude, breathe }), "documents");
  const counts = { documents: 0, unsearched: 0, left_out: 0 };
  if (columns === null) {
    const { documents, unsearched, leftOut } = await rewriteFolder(corpus, folder, {
      exclude,
      rewrite: (path, text) => redactor.replacements(path, text, `"${path}"`),
      onProgress: (files) => stage.advance(files),
      breathe,
    });
    Object.assign(counts, { documents, unsearched, left_out: leftOut });
  }
  const ids = new RowIds(columns?.id ?? []);
  for (const table of columns ? tables : []) {
    const name = tables[0] === corpus ? basename(table) : relative(corpus, table);
    await makeFolder(join(folder, dirname(name)));
    const { rows, unsearched } = await rewriteTexts(table, join(folder, name), {
      columns: columns!,
      first: counts.documents + counts.unsearched,
      ids,
      rewrite: (docId, text, place) => {
        stage.advance();
        return redactor.replacements(docId, text, `${place} of "${table}"`);
      },
      breathe,
    });
    counts.documents += rows - unsearched;
    counts.unsearched += unsearched;
    await breathe();
  }
  if (tables.length > 0 && tables[0] !== corpus) {
    counts.unsearched += await copyBeside(tables, { from: corpus, to: folder, exclude });
  }
  stage.done();
  return counts;
}

function describe(
  { documents, unsearched, left_out, changed, replaced, out }: RedactCounts & {
    changed: number;
    replaced: number;
    out: string;
  },
): string {
  return [
    `${replaced} places replaced in ${changed} of ${documents} documents`,
    ...(unsearched > 0
      ? [
        `${unsearched} files or rows were copied without being searched (no text, too large, or beside a data set's tables): they may hold secrets`,
      ]
      : []),
    ...(left_out > 0 ? [`${left_out} files or links that cannot be read or lead out were left out`] : []),
    `written: ${out}`,
  ].join("\n");
}
