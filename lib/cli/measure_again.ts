/**
 * The secrets of a certificate, found again in the corpus and measured again: scores, and those attacks whose numbers are
 * exact, or come from made-up secrets that the certificate's own seed draws again. The others train, draw or take the model
 * before: `attack` runs them.
 *
 * @module
 */
import { windowTokensOf } from "../datasets/token_counts.ts";
import { type AttackName, runAttack } from "../attacks/run_attack.ts";
import { FORGET_COLUMNS } from "../datasets/columns.ts";
import { placeKey } from "../datasets/place.ts";
import { resolveCorpus } from "../datasets/resolve_corpus.ts";
import { readRows } from "../datasets/row_table.ts";
import { tokenizeSecrets } from "../datasets/secret_tokens.ts";
import type { Products } from "../engine/compile.ts";
import { Scorer } from "../metrics/scorer.ts";
import type { Certificate, CertifiedSecret } from "../report/certificate.ts";
import type { MeasuredSecret } from "../report/check_claims.ts";
import { fingerprintSecret } from "../secrets/fingerprint.ts";
import { type ForgetSecret, forgetSecrets, otherText } from "./attack_secrets.ts";
import type { Context } from "./command.ts";
import type { GivenCorpus } from "./corpus_options.ts";
import { fileDigest } from "./model_digests.ts";
import { startReading } from "./reading.ts";
import { keySetting, secretKey } from "./secret_key.ts";
import { openModel } from "./session.ts";

/** The attacks that are run again, the quick ones first. */
export const AGAIN = ["extract", "exposure", "prefix", "quantize"] as const satisfies readonly AttackName[];

/** One of {@linkcode AGAIN}. */
export type AttackAgain = typeof AGAIN[number];

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
  /** The attacks that are run again; {@linkcode attacksAgain} tells those that can be. */
  attacks: readonly AttackAgain[];
}

/** What was measured, and how the forget set and the certificate differ. */
export interface MeasuredAgain {
  /** In the certificate's order; null for a secret that is not in the forget set. */
  measured: (MeasuredSecret | null)[];
  /** Secrets of the forget set that the certificate does not have. */
  unlisted: number;
}

/**
 * Those of some attacks that a certificate has and that can be run again: made-up secrets only by their seed, which
 * format 1 does not tell.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { AGAIN, attacksAgain } from "./measure_again.ts";
 *
 * const attack = { variant: "", score: 1, extracted: true, threshold: null, p_value: null };
 * const controls = { controls: 7, controls_score: 0, controls_extracted: 0 };
 * const attacks = ["quantize", "extract", "relearn"].map((name) => ({ attack: name, ...attack, ...controls }));
 * const known = { seed: 42, controls: 1000, attacked_controls: 7 };
 * const certificate = { attack: known, secrets: [{ attacks }] };
 * assertEquals(attacksAgain(certificate, AGAIN), ["extract", "quantize"]);
 * assertEquals(attacksAgain({ ...certificate, attack: { ...known, seed: null } }, AGAIN), ["extract"]);
 * ```
 */
export function attacksAgain(
  { attack, secrets }: {
    attack: Certificate["attack"];
    secrets: readonly Pick<CertifiedSecret, "attacks">[];
  },
  chosen: readonly AttackAgain[],
): AttackAgain[] {
  const has = new Set(secrets.flatMap(({ attacks }) => attacks.map(({ attack }) => attack)));
  const isTold = Object.values(attack).every((count) => count !== null);
  return chosen.filter((name) => has.has(name) && (isTold || name === "extract"));
}

/**
 * Measures again.
 *
 * @throws {Error} when the forget set is another, or the key; as `forgetSecrets` and `openModel`
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import type { Certificate, CertifiedSecret } from "../report/certificate.ts";
 * import type { Context } from "./command.ts";
 * import { measureAgain } from "./measure_again.ts";
 *
 * const certificate = { key: "0", tables: { forget: "" } } as Certificate;
 * const options = { model: "embedded", dtype: "float32", corpus: { path: "src", options: {} as never }, forget: "f", attacks: [] } as const;
 * await assertRejects(() => measureAgain(certificate, options, {} as Context), Error, "are of another key");
 * ```
 */
export async function measureAgain(
  certificate: Certificate,
  { model, dtype, corpus, forget, attacks }: MeasureAgainOptions,
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
  const host = attacks.includes("prefix") ? await otherText(given, found) : undefined;
  reading.done();
  const measured = await measureSecrets(session, found, { ...context, certificate, attacks, host });
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
  { certificate: { attack: drawn }, attacks, host, ...context }: Context & {
    certificate: Pick<Certificate, "attack">;
    attacks: readonly AttackAgain[];
    host: string | undefined;
  },
): Promise<MeasuredSecret[]> {
  const secrets = found.map(({ secret }) => secret);
  const tokens = await tokenizeSecrets(tokenizer, secrets);
  const stage = context.progress.start(
    "Measuring again",
    (1 + attacks.length) * secrets.length,
    "secrets",
  );
  const onProgress = async (done: number) => {
    stage.advance(done);
    await context.breathe();
  };
  using scorer = new Scorer(loaded.model);
  const scores = await scorer.secrets(tokens, { endOfText: tokenizer.endOfText, onProgress });
  const again: MeasuredSecret["attacks"][number][][] = secrets.map(() => []);
  for (const attack of attacks) {
    const { scores: rows } = await runAttack(attack, {
      ...{ model: loaded.model, tokenizer, secrets, host, onProgress },
      seed: drawn.seed ?? 0,
      controls: drawn.controls ?? 0,
      attackedControls: attack === "extract" ? 0 : drawn.attacked_controls ?? 0, // its beams take long
    });
    for (const { secret, ...row } of rows) again[secret]!.push({ attack, ...row });
  }
  stage.done();
  return scores.map(({ ma, el_10, nll }, i) => ({
    tokens: tokens[i]!.secret.length,
    ...{ ma, el_10, loss: nll },
    attacks: again[i]!,
  }));
}
