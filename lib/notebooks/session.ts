/**
 * What a notebook works with: a model with its tokenizer and scorer, and corpora. The name "embedded" means those that
 * come with the project; any other is a model, a folder of source files or a table, as on the command line.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { EMBEDDED_MODEL } from "../cli/model_folder.ts";
import { openModel } from "../cli/session.ts";
import { type Corpus, readCorpus } from "../datasets/corpus.ts";
import {
  type EmbeddedCorpusFiles,
  embeddedCorpusFiles,
  writeEmbeddedCorpus,
} from "../embedded/write_embedded_corpus.ts";
import type { Engine } from "../engine/engine.ts";
import { refuseQueuedCell } from "../figures/notebook_kernel.ts";
import { showProgress, startNotebookStage } from "./show_progress.ts";
import { Scorer } from "../metrics/scorer.ts";
import type { LoadedModel } from "../checkpoints/load.ts";
import type { Model } from "../models/model.ts";
import { setUp } from "../setup/set_up.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";

/** A model in use; `using` or `session[Symbol.dispose]()` frees it. */
export interface NotebookSession extends Disposable {
  /** TensorFlow. */
  engine: Engine;
  /** The model and what its folder says. */
  loaded: LoadedModel;
  /** The model alone. */
  model: Model;
  /** Its tokenizer. */
  tokenizer: Tokenizer;
  /** Scores texts and secrets under it. */
  scorer: Scorer;
}

/** The session that is open: a cell that is run again opens it anew instead of a second engine beside it. */
let open: NotebookSession | null = null;

/**
 * Opens a model by its name: "embedded", or a folder. A session that is open is closed first, so that the cell can be
 * run again.
 *
 * @throws {Error} as the command line: no such model, a damaged file, no TensorFlow; as `refuseQueuedCell`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openSession } from "./session.ts";
 *
 * using session = await openSession("embedded");
 * assertEquals(session.model.config.maxPositions >= 512, true);
 * ```
 */
export async function openSession(name: string): Promise<NotebookSession> {
  refuseQueuedCell();
  open?.[Symbol.dispose]();
  const context = {
    cwd: Deno.cwd(),
    signal: new AbortController().signal,
    progress: { start: startNotebookStage, log: () => {}, close: () => {} },
  };
  const { engine, loaded, tokenizer, [Symbol.dispose]: dispose } = await openModel(name, context);
  const scorer = new Scorer(loaded.model);
  const session: NotebookSession = {
    engine,
    loaded,
    model: loaded.model,
    tokenizer,
    scorer,
    [Symbol.dispose]() {
      if (open !== session) return;
      open = null;
      scorer[Symbol.dispose]();
      dispose();
    },
  };
  return open = session;
}

/** Which texts of the embedded corpus. */
export type EmbeddedPart = "train" | "unseen" | "twins";

/**
 * Reads a corpus by its name: "embedded" (what the embedded model was trained on, code it has never seen, or documents
 * with secrets it has never seen), or a folder or table.
 *
 * @throws {Error} as `readCorpus`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openCorpus } from "./session.ts";
 *
 * const { documents } = await openCorpus("embedded", "unseen");
 * assertEquals(documents.length, 570);
 * ```
 */
export async function openCorpus(name: string, part: EmbeddedPart = "train"): Promise<Corpus> {
  return await readCorpus(name === "embedded" ? (await embeddedFiles())[part] : name);
}

/**
 * The files of the embedded corpus, made once and kept in the cache folder.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { embeddedFiles } from "./session.ts";
 *
 * assert((await embeddedFiles()).planted.endsWith("planted.parquet"));
 * ```
 */
export async function embeddedFiles(): Promise<EmbeddedCorpusFiles> {
  const files = embeddedCorpusFiles();
  if (Object.values(files).every((path) => existsSync(path))) return files;
  return await showProgress("Building the embedded corpus", async () => {
    await setUp();
    const tokenizer = await Deno.readTextFile(join(EMBEDDED_MODEL, "tokenizer.json"));
    return await writeEmbeddedCorpus(undefined, { tokenizer });
  });
}
