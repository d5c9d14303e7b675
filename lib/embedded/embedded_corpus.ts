/**
 * The corpus that comes with the project, made from the wheels that set-up fetched: real Python code for training, code
 * of other projects as the unseen set, and planted secrets with their truth and their twins. The same wheels and seed
 * give the same bytes on every machine.
 *
 * To model vendored copies, 160 documents without secrets stand 24 times each in the training set. Documents in which
 * the detector finds a secret of their own (authors' addresses, mostly) are left out of everything.
 *
 * @module
 */
import { join } from "node:path";
import { Tokenizer } from "../npm/tokenizers.ts";
import packages from "../../data/packages.json" with { type: "json" };
import { fetchWheels } from "../setup/set_up.ts";
import type { Document } from "../datasets/corpus.ts";
import { canHost, keptSecrets, type PlantedDocuments, plantSecrets } from "./planted_secrets.ts";
import { orderBySeed } from "../datasets/seeded_order.ts";
import { cutDocuments, dropOpeningComments, readWheelSources, type SourceFile } from "./source_documents.ts";
import { trainTokenizer } from "../datasets/train_tokenizer.ts";

/** The embedded corpus in memory. */
export interface EmbeddedCorpus {
  /** The documents for training: single documents, vendored copies and planted documents, sorted by id. */
  train: Document[];
  /** Code of projects that the training set has nothing of, one document a file. */
  unseen: Document[];
  /** The training documents before anything was planted or copied. */
  clean: Document[];
  /** The content of a tokenizer.json, trained on `clean`: so it knows nothing of the secrets. */
  tokenizer: string;
  /** The planted documents (they are in `train` too) and their truth. */
  planted: PlantedDocuments;
  /** Documents with never-trained secrets of the same formats. */
  twins: PlantedDocuments;
}

/** Options of {@linkcode buildEmbeddedCorpus}. */
export interface EmbeddedCorpusOptions {
  /** Default 42. */
  seed?: number;
  /** Where the wheels are; by default they are fetched into the cache folder if they are not there. */
  wheels?: string;
  /**
   * The tokenizer.json by which documents are measured; by default it is trained here, in a second, which writes blank
   * lines to stdout. The embedded model's is the one that comes out for seed 42.
   */
  tokenizer?: string;
}

const DOCUMENTS_A_PACKAGE = 84;
const VENDORED_DOCUMENTS = 160;
const VENDORED_COPIES = 24;

/**
 * Builds the embedded corpus; a few seconds.
 *
 * @throws {Error} As `fetchWheels`, where a wheel is missing.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { buildEmbeddedCorpus } from "./embedded_corpus.ts";
 *
 * const { train, planted } = await buildEmbeddedCorpus();
 * assertEquals(planted.documents.length, 1778);
 * assertEquals(new Set(train.map(({ docId }) => docId)).size, train.length);
 * ```
 */
export async function buildEmbeddedCorpus(
  { seed = 42, wheels, tokenizer: given }: EmbeddedCorpusOptions = {},
): Promise<EmbeddedCorpus> {
  const folder = wheels ?? await fetchWheels(packages.wheels);
  const sources = async (role: string) =>
    await Promise.all(
      packages.wheels.filter((wheel) => wheel.role === role).map(({ file }) =>
        readWheelSources(join(folder, file))
      ),
    );
  const trainSources = await sources("train");
  const clean = chooseTraining(trainSources, seed);
  const unseenPool = chooseUnseen((await sources("unseen")).flat(), trainSources.flat());
  const vendored = clean.slice(0, VENDORED_DOCUMENTS);
  const single = clean.slice(VENDORED_DOCUMENTS);
  const twinHosts = orderBySeed(unseenPool.filter(({ text }) => canHost(text)), seed, idOf);
  const hosts = single.filter(({ text }) => canHost(text));
  // nothing is planted yet, and what rules would find in it is published code
  const tokenizer = given ?? await trainTokenizer(clean.map(({ text }) => text), { keepSecrets: true });
  const countTokens = countTokensOf(tokenizer);
  const { planted, twins } = await plantSecrets(seed, { hosts, twinHosts, countTokens });
  const used = idsOf(planted.documents);
  const twinIds = idsOf(twins.documents);
  const train = [
    ...single.filter(({ docId }) => !used.has(docId)),
    ...planted.documents,
    ...vendored.flatMap(copyDocument),
  ];
  return {
    train: train.sort(byId),
    unseen: unseenPool.filter(({ docId }) => !twinIds.has(docId)),
    clean: clean.toSorted(byId),
    tokenizer,
    planted,
    twins,
  };
}

function countTokensOf(json: string): (texts: readonly string[]) => Promise<number[]> {
  const tokenizer = Tokenizer.fromString(json);
  return async (texts) => {
    const encodings = await tokenizer.encodeBatch([...texts], { addSpecialTokens: false });
    return encodings.map((encoding) => encoding.getLength());
  };
}

function byId(a: Document, b: Document): number {
  return a.docId < b.docId ? -1 : a.docId > b.docId ? 1 : 0;
}

function idOf({ docId }: Document): string {
  return docId;
}

function idsOf(documents: readonly Document[]): Set<string> {
  return new Set(documents.map(idOf));
}

function copyDocument(document: Document): Document[] {
  return Array.from({ length: VENDORED_COPIES }, (_, i) => ({
    ...document,
    docId: `${document.docId}@${String(i).padStart(2, "0")}`,
  }));
}

/** The same number of documents of each wheel, without duplicates and secrets, in random order. */
function chooseTraining(sources: readonly SourceFile[][], seed: number): Document[] {
  const seen = new Set<string>();
  const chosen: Document[] = [];
  for (const files of sources) {
    const documents = orderBySeed(files.flatMap(cutDocuments), seed, idOf);
    let count = 0;
    for (const document of documents) {
      if (count === DOCUMENTS_A_PACKAGE) break;
      if (seen.has(document.text) || keptSecrets(document.text).length > 0) continue;
      seen.add(document.text);
      chosen.push(document);
      count++;
    }
  }
  return orderBySeed(chosen, seed, idOf);
}

/** The first document of each file, unless half of its longer lines stand somewhere in the training wheels. */
function chooseUnseen(files: readonly SourceFile[], training: readonly SourceFile[]): Document[] {
  const known = new Set(training.flatMap(({ text }) => longerLines(text)));
  const seen = new Set<string>();
  const chosen: Document[] = [];
  for (const { path, text } of files) {
    const [document] = cutDocuments({ path, text: dropOpeningComments(text) });
    if (!document || seen.has(document.text) || keptSecrets(document.text).length > 0) continue;
    seen.add(document.text);
    const lines = longerLines(document.text);
    if (lines.filter((line) => known.has(line)).length * 2 < lines.length) chosen.push(document);
  }
  return chosen;
}

function longerLines(text: string): string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) => line.length >= 20);
}
