/**
 * The secrets of a certificate, found again in the corpus and measured again: scores, and the attack `extract`, whose
 * numbers are exact. The others compare with made-up secrets or take much longer: `attack` runs them.
 *
 * @module
 */
import { windowTokensOf } from "../datasets/token_counts.ts";
import { runAttack } from "../attacks/run_attack.ts";
import { FORGET_COLUMNS } from "../datasets/columns.ts";
import { placeKey } from "../datasets/place.ts";
import { resolveCorpus } from "../datasets/resolve_corpus.ts";
import { readRows } from "../datasets/row_table.ts";
import { tokenizeSecrets } from "../datasets/secret_tokens.ts";
import type { Products } from "../engine/compile.ts";
import { Scorer } from "../metrics/scorer.ts";
import type { Certificate } from "../report/certificate.ts";
import type { MeasuredSecret } from "../report/check_claims.ts";
import { fingerprintSecret } from "../secrets/fingerprint.ts";
import { type ForgetSecret, forgetSecrets } from "./attack_secrets.ts";
import type { Context } from "./command.ts";
import type { GivenCorpus } from "./corpus_options.ts";
import { fileDigest } from "./model_digests.ts";
import { startReading } from "./reading.ts";
import { keySetting, secretKey } from "./secret_key.ts";
import { openModel } from "./session.ts";

/** What is measured with. */
export interface MeasureAgainOptions {
  /** The model's name, as it was given. */
  model: string;
  /** Its products. */
  dtype: Products;
  /** The corpus. */
  corpus: Pick<GivenCorpus, "path" | "options">;
  /** The forget set's table. */
  forget: string;
}

/** What was measured, and how the forget set and the certificate differ. */
export interface MeasuredAgain {
  /** In the certificate's order; null for a secret that is not in the forget set. */
  measured: (MeasuredSecret | null)[];
  /** Secrets of the forget set that the certificate does not have. */
  unlisted: number;
}

/**
 * Measures again.
 *
 * @throws {Error} when the forget set is another, or the key; as `forgetSecrets` and `openModel`
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import type { Certificate } from "../report/certificate.ts";
 * import type { Context } from "./command.ts";
 * import { measureAgain } from "./measure_again.ts";
 *
 * const certificate = { key: "0", tables: { forget: "" } } as Certificate;
 * const options = { model: "embedded", dtype: "float32", corpus: { path: "src", options: {} as never }, forget: "f" } as const;
 * await assertRejects(() => measureAgain(certificate, options, {} as Context), Error, "are of another key");
 * ```
 */
export async function measureAgain(
  certificate: Certificate,
  { model, dtype, corpus, forget }: MeasureAgainOptions,
  context: Context,
): Promise<MeasuredAgain> {
  const key = await secretKey();
  if (certificate.key !== keySetting(key)) {
    throw new Error(
      "Cannot measure the certificate's secrets again: their fingerprints are of another key: " +
        "set CODESCRUB_KEY or CODESCRUB_KEY_FILE to the one of who made it",
    );
  }
  if (await fileDigest(forget, context.signal) !== certificate.tables.forget) {
    throw new Error(
      `Cannot measure the certificate's secrets again by "${forget}": it is another forget set than the certificate's`,
    );
  }
  const rows = await readRows(forget, FORGET_COLUMNS);
  const source = await resolveCorpus(corpus.path, corpus.options);
  const reading = await startReading({ source, options: corpus.options }, context);
  using session = await openModel(model, context, { products: dtype });
  const { tokenizer, loaded } = session;
  const windowTokens = windowTokensOf(loaded.model.config);
  const given = { source, options: reading.options, tokenizer, key, windowTokens };
  const forgotten = await forgetSecrets(given, rows);
  const found = forgotten.flatMap(({ secrets }) => secrets);
  reading.done();
  const measured = await measureSecrets(session, found, context);
  const byName = new Map(found.map(({ place, secret: { fingerprint } }, i) => {
    const document = fingerprintSecret(place.doc_id, key);
    return [`${fingerprint} ${placeKey({ ...place, doc_id: document })}`, measured[i]!];
  }));
  const names = certificate.secrets.map(({ fingerprint, document, start, end }) =>
    `${fingerprint} ${placeKey({ doc_id: document, start, end })}`
  );
  return {
    measured: names.map((name) => byName.get(name) ?? null),
    unlisted: new Set(byName.keys()).difference(new Set(names)).size,
  };
}

async function measureSecrets(
  { loaded, tokenizer }: Awaited<ReturnType<typeof openModel>>,
  found: readonly ForgetSecret[],
  context: Context,
): Promise<MeasuredSecret[]> {
  const secrets = found.map(({ secret }) => secret);
  const tokens = await tokenizeSecrets(tokenizer, secrets);
  const stage = context.progress.start("Measuring again", 2 * secrets.length, "secrets");
  const onProgress = async (done: number) => {
    stage.advance(done);
    await context.breathe();
  };
  using scorer = new Scorer(loaded.model);
  const scores = await scorer.secrets(tokens, { endOfText: tokenizer.endOfText, onProgress });
  const { scores: attacks } = await runAttack("extract", {
    ...{ model: loaded.model, tokenizer, secrets, seed: context.seed, onProgress },
    ...{ controls: 0, attackedControls: 0 },
  });
  stage.done();
  const bySecret = Map.groupBy(attacks, ({ secret }) => secret);
  return scores.map(({ ma, el_10, nll }, i) => ({
    tokens: tokens[i]!.secret.length,
    ...{ ma, el_10, loss: nll },
    attacks: (bySecret.get(i) ?? []).map((row) => ({ attack: "extract", ...row })),
  }));
}
