/**
 * The certificate of a model that `unlearn` wrote and `attack` attacked.
 *
 * @module
 */
import { join } from "node:path";
import { ATTACK_COLUMNS, OUTCOME_COLUMNS } from "../datasets/columns.ts";
import { readRows } from "../datasets/row_table.ts";
import { exists, readJson } from "../report/read_json.ts";
import type { CertificateContent } from "../report/certificate.ts";
import { DOES_NOT_PROVE, notReached, statementOf } from "../report/certificate_words.ts";
import type { AttackReport } from "./attack_report.ts";
import { certifiedSecrets, certifiedSummary, notTried } from "./certificate_content.ts";
import { certifiedRequest } from "./certified_request.ts";
import { certifiedMethod, type CertifiedPaths, certifiedRuns, inputDigest } from "./certified_run.ts";
import type { Context } from "./command.ts";
import { fileDigest, modelDigests } from "./model_digests.ts";
import type { RunRecord } from "./run_record.ts";
import { keySetting, secretKey } from "./secret_key.ts";
import type { RequestTables } from "./untreated_places.ts";

/** What is certified, and the request that asked for it. */
export interface CertifyOptions extends CertifiedPaths {
  /** A keyed digest of the deletion request: of a bare one, values could be guessed. */
  request?: string | undefined;
  /** The tables that tell what of the request was not treated. */
  tables?: Omit<RequestTables, "forget"> | undefined;
}

/**
 * What the certificate of a model says: `writeCertificate` of lib/report writes it. Nothing is measured, all is taken from
 * the tables, once the records of both runs prove them to be of these models.
 *
 * @throws {Error} when a table is missing, has changed, or is of another model, forget set or key
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { certifyModel } from "./certify_model.ts";
 * import { createProgress } from "./progress.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const paths = { model: folder, before: folder, forget: `${folder}/forget.parquet`, attacks: folder };
 * const context = { progress: createProgress(), signal: new AbortController().signal };
 * await assertRejects(() => certifyModel(paths, context), Error, "it holds no finished run of unlearn");
 * ```
 */
export async function certifyModel(
  { request, tables: given, ...paths }: CertifyOptions,
  context: Pick<Context, "progress" | "signal">,
): Promise<CertificateContent> {
  const { model, before, forget, attacks } = paths;
  const { unlearn, attack } = await certifiedRuns(paths);
  const path = (name: string) => join(attacks, name);
  const outcomesPath = join(model, "secrets.parquet");
  if (!await exists(outcomesPath)) {
    throw new Error(
      `Cannot certify "${model}": it has no secrets.parquet: run unlearn with --stop secret and --compat sound`,
    );
  }
  const key = await secretKey();
  if (attack.settings.key !== keySetting(key)) {
    throw new Error(
      `Cannot certify "${attacks}": its fingerprints are of another key: set CODESCRUB_KEY or CODESCRUB_KEY_FILE to it`,
    );
  }
  const tables = {
    outcomes: await readRows(outcomesPath, OUTCOME_COLUMNS),
    attacks: await readRows(path("attacks.parquet"), ATTACK_COLUMNS),
  };
  const secrets = certifiedSecrets(tables, key);
  const { extracted_by_any = [], membership = [], left_out = [] } =
    (await readJson(path("attacks.json")) ?? {}) as Partial<AttackReport>;
  const summary = certifiedSummary(secrets, { extracted_by_any, membership });
  const asked = await certifiedRequest(given, { ...paths, unlearn, key });
  return {
    statement: statementOf(summary),
    does_not_prove: DOES_NOT_PROVE,
    versions: versionsOf(unlearn),
    key: keySetting(key),
    model: { after: await modelDigests(model, context), before: await modelDigests(before, context) },
    tables: {
      request: request ?? asked.digest,
      forget: await fileDigest(forget),
      retain: await inputDigest(unlearn, "retain"),
      thresholds: await inputDigest(unlearn, "thresholds"),
      secrets: await fileDigest(outcomesPath),
      attacks: await fileDigest(path("attacks.parquet")),
    },
    method: certifiedMethod(unlearn),
    request: asked.request,
    attack: attackSettings(attack),
    summary,
    not_reached: notReached(secrets, { membership: summary.membership, request: asked.request }),
    not_tried: notTried(secrets, left_out),
    secrets,
  };
}

function versionsOf({ versions }: RunRecord): CertificateContent["versions"] {
  const { codescrub = "unknown", deno = "unknown", tensorflow = "unknown" } = versions;
  return { codescrub, deno, tensorflow };
}

/** By which its made-up secrets can be drawn again. */
function attackSettings({ settings }: RunRecord): CertificateContent["attack"] {
  const count = (name: string) => Number.isSafeInteger(settings[name]) ? settings[name] as number : null;
  return {
    seed: count("seed"),
    controls: count("controls"),
    attacked_controls: count("attackedControls"),
  };
}
