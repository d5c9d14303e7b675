/**
 * `detect`: the secrets of a corpus as a table of spans and fingerprints. No value is written or shown without
 * `--reveal`.
 *
 * @module
 */
import { type Corpus, readCorpus } from "../datasets/corpus.ts";
import { type SecretRow, secretRows, secretTable } from "../datasets/secret_table.ts";
import { writeTable } from "../datasets/tables.ts";
import { type BigramTable, checkBigrams } from "../secrets/gibberish.ts";
import { defineCommand } from "./command.ts";
import { formatTable } from "./console.ts";
import { checkOutputTable } from "./output.ts";
import { secretKey } from "./secret_key.ts";

/**
 * The command `detect`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./detect.ts";
 *
 * assertEquals(Object.keys(command.args), ["corpus"]);
 * ```
 */
export const command = defineCommand({
  args: { corpus: { kind: "path", describe: "folder of source files, or table of texts", required: true } },
  options: {
    out: { kind: "path", describe: "table of the secrets", metavar: "F", required: true },
    unfiltered: { kind: "flag", describe: "keep what the value filter drops (examples, local addresses)" },
    bigrams: { kind: "path", describe: "counts of letter pairs for the gibberish rule (JSON)", metavar: "F" },
    exclude: { kind: "list", describe: "leave out files as .gitignore would", metavar: "PATTERN" },
    reveal: { kind: "flag", describe: "write the secrets themselves, in a column of their own" },
  },
  config: true,
  writes: true,
  async run({ corpus: path, out, unfiltered, bigrams, exclude, reveal }, { progress, breathe, force }) {
    await checkOutputTable(out, { force, inputs: bigrams === undefined ? [path] : [path, bigrams] });
    const key = await secretKey();
    const options = {
      key,
      unfiltered,
      reveal,
      ...(bigrams !== undefined && { bigrams: await readBigrams(bigrams) }),
    };
    const corpus = await readCorpus(path, { exclude });
    const stage = progress.start("Detecting", corpus.documents.length, "documents");
    const rows: SecretRow[] = [];
    for (const document of corpus.documents) {
      await breathe();
      for (const row of secretRows(document, options)) rows.push(row);
      stage.advance();
    }
    stage.done();
    await writeTable(secretTable(rows, { reveal }), out);
    const summary = { ...summarize(corpus, rows), out };
    return { text: describe(summary), summary };
  },
});

async function readBigrams(path: string): Promise<BigramTable> {
  try {
    return checkBigrams(JSON.parse(await Deno.readTextFile(path)));
  } catch (cause) {
    throw new SyntaxError(`Cannot read bigrams "${path}": ${(cause as Error).message}`, { cause });
  }
}

type Counts = { [name: string]: number };

function summarize({ documents, skipped, replacedSurrogates }: Corpus, rows: readonly SecretRow[]) {
  return {
    documents: documents.length,
    documents_with_secrets: new Set(rows.map((row) => row.doc_id)).size,
    spans: rows.length,
    values: new Set(rows.map((row) => row.fingerprint)).size,
    tags: countBy(rows.map((row) => row.tag)),
    detectors: countBy(rows.map((row) => row.detector)),
    skipped: countBy(skipped.map((file) => file.reason)),
    replaced_surrogates: replacedSurrogates,
  };
}

function countBy(names: readonly string[]): Counts {
  const counts: Counts = {};
  for (const name of [...names].sort()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function describe(summary: ReturnType<typeof summarize> & { out: string }): string {
  const { documents, documents_with_secrets, spans, values, detectors, skipped, out } = summary;
  const table = formatTable(["detector", "spans"], Object.entries(detectors));
  const left = Object.entries(skipped).map(([reason, count]) => `${count} ${reason}`).join(", ");
  return [
    ...(spans > 0 ? [table, ""] : []),
    `${spans} spans of ${values} values in ${documents_with_secrets} of ${documents} documents`,
    ...(left ? [`skipped: ${left}`] : []),
    `written: ${out}`,
  ].join("\n");
}
