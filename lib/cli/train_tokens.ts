/**
 * The token ids that `train` draws its windows from: made once, in the run's folder, and read again by the run that goes
 * on from a checkpoint.
 *
 * @module
 */
import { join, matchesGlob } from "node:path";
import { checkTokens } from "../models/not_finite.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { CHECKPOINTS } from "../training/checkpoint.ts";
import { ID_BYTES, removeTokenFile, TokenFile, writeTokenFile } from "../training/token_file.ts";
import type { Context } from "./command.ts";
import { checkSpace } from "./output.ts";
import { startMegabytes } from "./reading.ts";
import type { TrainingTexts } from "./training_texts.ts";

const TOKEN_FILE = "token_ids.bin";
/** The bytes of a corpus that must be read before it is foreseen how many all of its token ids will take. */
const FORESEEN_BYTES = 2 ** 24;

/** What tokens are made of and for. */
export interface TokenSource {
  /** The corpus' texts. */
  texts: TrainingTexts;
  /** The model's. */
  tokenizer: Tokenizer;
  /** The model's entries: it has no other ids. */
  vocabularySize: number;
  /** Bytes that the run will write beside the ids. */
  otherBytes: number;
}

/** Token ids in a run's folder. */
export interface TrainingTokens extends AsyncDisposable {
  /** The open file. */
  file: TokenFile;
}

/**
 * The token ids of a run's texts: those that an earlier run left, where their content is still what it was, or new ones.
 * Disposed of, they go too where there is no checkpoint to go on from.
 *
 * @param out the run's folder, locked by the run
 * @throws {RangeError} If the tokenizer gives ids that the model does not have; {Error} if the disk is too small, which
 * is foreseen from the first megabytes, or as `corpusPieces`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Tokenizer as NativeTokenizer } from "tokenizers";
 * import { trainTokenizer } from "../datasets/train_tokenizer.ts";
 * import { Tokenizer } from "../tokenizers/tokenizer.ts";
 * import { createProgress } from "./progress.ts";
 * import { openTrainingTokens } from "./train_tokens.ts";
 *
 * const json = await trainTokenizer(["x = 1\n"], { vocabularySize: 257 }); // a token for each byte
 * const tokenizer = new Tokenizer(NativeTokenizer.fromString(json));
 * async function* pieces() {
 *   yield { texts: ["x = 1", "y"], read: 6 };
 * }
 * const source = { texts: { bytes: 6, pieces }, tokenizer, vocabularySize: 257, otherBytes: 0 };
 * const stream = { write: () => {}, isTTY: false, columns: 80 };
 * const context = { progress: createProgress({ stream }), breathe: () => Promise.resolve(), log: () => {} };
 * await using tokens = await openTrainingTokens(await Deno.makeTempDir(), source, context);
 * assertEquals([tokens.file.lengthOf(0), tokens.file.lengthOf(1)], [5, 1]);
 * ```
 */
export async function openTrainingTokens(
  out: string,
  source: TokenSource,
  context: Pick<Context, "progress" | "breathe" | "log">,
): Promise<TrainingTokens> {
  const path = join(out, TOKEN_FILE);
  let file = await TokenFile.open(path);
  if (!file) {
    await removeTokenFile(path);
    await writeTokenFile(path, tokenize(out, source, context));
    file = await TokenFile.open(path, { isNew: true });
  }
  if (!file) throw new Error(`Cannot read token ids "${path}": they changed since they were written`);
  return {
    file,
    [Symbol.asyncDispose]: async () => {
      file[Symbol.dispose]();
      const hasCheckpoint = [...Deno.readDirSync(out)].some(({ name }) => matchesGlob(name, CHECKPOINTS));
      if (!hasCheckpoint) await removeTokenFile(path);
    },
  };
}

/** The ids of the texts, piece by piece. */
async function* tokenize(
  out: string,
  { texts, tokenizer, vocabularySize, otherBytes }: TokenSource,
  { progress, breathe, log }: Pick<Context, "progress" | "breathe" | "log">,
): AsyncGenerator<Int32Array[]> {
  const stage = startMegabytes(progress, "Tokenizing", texts.bytes);
  let [documents, tokens, isForeseen] = [0, 0, false];
  for await (const { texts: some, read } of texts.pieces()) {
    const ids = await tokenizer.encodeIds(some, { nameOf: (i) => `text ${documents + i}` });
    ids.forEach((own, i) => checkTokens(own, vocabularySize, `train on text ${documents + i}`));
    documents += ids.length;
    tokens += ids.reduce((sum, { length }) => sum + length, 0);
    if (!isForeseen && read >= Math.min(FORESEEN_BYTES, texts.bytes)) {
      isForeseen = true;
      const needed = ID_BYTES * (documents + tokens) * Math.max(1, texts.bytes / read);
      checkSpace(out, needed + otherBytes);
      if (needed >= FORESEEN_BYTES) {
        log(`Token ids: about ${(needed / 1e9).toFixed(2)} GB in "${out}" until the run ends`);
      }
    }
    yield ids;
    stage.show(read, `${documents} documents`);
    await breathe();
  }
  stage.done(`${documents} documents, ${tokens} tokens`);
}
