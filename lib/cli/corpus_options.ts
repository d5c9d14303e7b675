/**
 * How commands are told what a corpus is: the options that all of them share, standard input in place of a path, and what
 * a summary says of what was read.
 *
 * @module
 */
import { join } from "node:path";
import { describeColumns } from "../datasets/corpus_columns.ts";
import type { CorpusOptions, CorpusSource } from "../datasets/resolve_corpus.ts";
import { type Json, type OptionSpecs, UsageError } from "./command.ts";
import type { RunInput } from "./run_record.ts";

const FORMATS = ["files", "tables", "jsonl", "csv"] as const;

/** The options of every command that reads a corpus or texts. */
export const CORPUS_OPTIONS = {
  textColumn: {
    kind: "string",
    describe: "a table's column of texts; content, text, code and other common names by themselves",
    metavar: "NAME",
  },
  idColumn: {
    kind: "string",
    describe: 'its column of ids, or "#" for row numbers; doc_id, repo_name/path, id, hash by themselves',
    metavar: "NAME",
  },
  pathColumn: { kind: "string", describe: "its column of paths", metavar: "NAME" },
  format: {
    kind: "choice",
    describe: "a folder's, where it holds both: source files or tables; of - (standard input): rows",
    choices: FORMATS,
  },
  exclude: { kind: "list", describe: "leave out files as .gitignore would", metavar: "PATTERN" },
} as const satisfies OptionSpecs;

/** Their values. */
export interface CorpusValues {
  textColumn?: string | undefined;
  idColumn?: string | undefined;
  pathColumn?: string | undefined;
  format?: typeof FORMATS[number] | undefined;
  exclude?: readonly string[];
}

/** A corpus that a command was given; `using` removes what was kept of standard input. */
export interface GivenCorpus extends Disposable {
  /** Where it lies. */
  path: string;
  /** How it is to be read. */
  options: CorpusOptions;
  /** The same for the record of a run. */
  input: RunInput;
}

/**
 * How texts beside a corpus are read: their columns may be called as its are, and what chooses among its files is not for
 * them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { besideCorpus } from "./corpus_options.ts";
 *
 * const options = besideCorpus({ textColumn: "code", exclude: ["tests/"] });
 * assertEquals(options, { textColumn: "code", format: undefined, exclude: [], areOptional: true });
 * ```
 */
export function besideCorpus(options: CorpusOptions): CorpusOptions {
  return { ...options, format: undefined, exclude: [], areOptional: true };
}

/**
 * The corpus that a command was given by its path, or by "-" for standard input, which is kept in a file of its own that
 * only its user may read: it may be read more than once.
 *
 * @throws {UsageError} If rows are asked for of what is not standard input.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { givenCorpus } from "./corpus_options.ts";
 *
 * using corpus = await givenCorpus("src", { textColumn: "code" });
 * assertEquals([corpus.path, corpus.options.textColumn], ["src", "code"]);
 * using piped = await givenCorpus("-", { format: "jsonl" }, ReadableStream.from([new Uint8Array([123, 125])]));
 * assertEquals(await Deno.readTextFile(piped.path), "{}");
 * ```
 */
export async function givenCorpus(
  path: string,
  { format, textColumn, idColumn, pathColumn, exclude = [] }: CorpusValues,
  input: ReadableStream<Uint8Array<ArrayBuffer>> = Deno.stdin.readable,
): Promise<GivenCorpus> {
  const columns = { textColumn, idColumn, pathColumn };
  const isRows = format === "jsonl" || format === "csv";
  if (path !== "-") {
    if (isRows) {
      throw new UsageError(
        `Cannot use --format ${format} with a path: its name says so, as in "a.${format}"`,
      );
    }
    const options = { ...columns, exclude, format };
    return { path, options, input: { path, exclude }, [Symbol.dispose]: () => {} };
  }
  if (format === "tables") {
    throw new UsageError("Cannot use --format tables with standard input: give --format jsonl or csv");
  }
  const folder = await Deno.makeTempDir({ prefix: "codescrub-" }); // of mode 700
  try {
    const file = join(folder, "stdin");
    await Deno.writeFile(file, input, { mode: 0o600 });
    const name = isRows ? `${file}.${format}${await packingOf(file)}` : file;
    if (name !== file) await Deno.rename(file, name);
    return {
      path: name,
      input: { path: name },
      options: { ...columns, format: isRows ? "tables" : "files" },
      [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
    };
  } catch (error) {
    await Deno.remove(folder, { recursive: true });
    throw error;
  }
}

/** The extension of what a file is packed by; empty where it is not packed. */
async function packingOf(path: string): Promise<"" | ".gz" | ".zst"> {
  using file = await Deno.open(path);
  const head = new Uint8Array(4);
  await file.read(head);
  if (head[0] === 0x1f && head[1] === 0x8b) return ".gz";
  return head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd ? ".zst" : "";
}

/**
 * What was read, for people and for `--json`; nothing of source code.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeCorpus } from "./corpus_options.ts";
 *
 * const columns = { text: "code", id: ["repo", "path"], path: "path" };
 * const source = { path: "set", tables: ["set/data/a.parquet", "set/data/b.parquet"], columns, others: 1 };
 * const { lines, summary } = describeCorpus(source);
 * assertEquals(lines, ['read: 2 tables of "data", texts "code", ids "repo/path"; not read: 1 other file']);
 * assertEquals(summary.corpus, { tables: 2, text: "code", id: "repo/path", path: "path", others: 1 });
 * ```
 */
export function describeCorpus(
  { path, tables, columns, others }: CorpusSource,
): { lines: string[]; summary: { corpus?: { [key: string]: Json } } } {
  if (columns === null) return { lines: [], summary: {} };
  const folders = [
    ...new Set(tables.flatMap((table) => {
      const folder = table === path
        ? ""
        : table.slice(path.replace(/\/$/, "").length + 1).replace(/\/?[^/]*$/, "");
      return folder === "" ? [] : [`"${folder}"`];
    })),
  ];
  const where = folders.length === 0
    ? ""
    : ` of ${folders.slice(0, 5).join(", ")}${folders.length > 5 ? ` and ${folders.length - 5} more` : ""}`;
  const rest = others === 0 ? "" : `; not read: ${others} other file${others === 1 ? "" : "s"}`;
  const count = `${tables.length} table${tables.length === 1 ? "" : "s"}`;
  const { text, id, path: pathColumn } = columns;
  return {
    lines: [`read: ${count}${where}, ${describeColumns(columns)}${rest}`],
    summary: {
      corpus: {
        tables: tables.length,
        text,
        id: id.length === 0 ? "#" : id.join("/"),
        path: pathColumn,
        others,
      },
    },
  };
}
