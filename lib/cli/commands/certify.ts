/**
 * `certify`: a certificate of what `unlearn` erased and what `attack` made of it, for who is to rely on it.
 *
 * @module
 */
import { join } from "node:path";
import { writeCertificate } from "../../report/certificate.ts";
import { signaturePath } from "../../report/sign_certificate.ts";
import { requestTables } from "../certified_request.ts";
import { certifyModel } from "../certify_model.ts";
import { defineCommand } from "../command.ts";
import { MODEL_OPTION, modelFolder } from "../model_folder.ts";
import { checkApart } from "../output.ts";
import { openRunFiles } from "../run_files.ts";
import { requestDigest, requestText } from "../scrub_request.ts";
import { secretKey } from "../secret_key.ts";
import { describeCertificate, summaryOfCertificate } from "../certificate_report.ts";

/**
 * The command `certify`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./certify.ts";
 *
 * assertEquals(command.options.attacks.required, true);
 * ```
 */
export const command = defineCommand({
  args: {},
  options: {
    model: { kind: "path", describe: "folder that unlearn wrote", metavar: "DIR", required: true },
    before: { ...MODEL_OPTION, describe: "the model that unlearn began with" },
    forget: { kind: "path", describe: "forget set that unlearn was given", metavar: "F", required: true },
    attacks: { kind: "path", describe: "folder that attack wrote", metavar: "DIR", required: true },
    request: { kind: "path", describe: "the deletion request; only a keyed digest is written", metavar: "F" },
    requested: {
      kind: "path",
      describe: "the requested places, secrets.parquet of scrub: those that were not treated are told",
      metavar: "F",
    },
    probe: { kind: "path", describe: "probe of them under the model before", metavar: "F" },
    probeAfter: { kind: "path", describe: "probe of them under the model that unlearn wrote", metavar: "F" },
    signKey: {
      kind: "path",
      describe: "private Ed25519 key (PEM), for a signature beside the certificate",
      metavar: "FILE",
    },
    out: {
      kind: "path",
      describe: "the certificate; certificate.json in the model's folder is no part of the model",
      metavar: "FILE",
      required: true,
    },
  },
  writes: true,
  async run({ out, signKey, ...values }, context) {
    const before = await modelFolder(values.before, context);
    const { model, forget, attacks, requested, probe, probeAfter } = values;
    const tables = requestTables(values);
    // a record has bare hashes of what a run reads, by which a request's values could be guessed
    if (values.request !== undefined) await checkApart(out, [values.request]);
    using run = await openRunFiles([out, ...signKey === undefined ? [] : [signaturePath(out)]], {
      command: "certify",
      context,
      inputs: {
        forget,
        "model's record": join(model, "run.json"),
        "model's secrets": join(model, "secrets.parquet"),
        attacks: join(attacks, "attacks.parquet"),
        "model before": { path: before, isFlat: true },
        ...{ requested, probe, "probe after": probeAfter },
      },
      kind: "file",
    });
    const request = values.request === undefined
      ? undefined
      : requestDigest(await requestText(values.request), await secretKey());
    const content = await certifyModel({ model, forget, attacks, before, request, tables }, context);
    const summary = { ...summaryOfCertificate(content), out };
    await run.finish(summary, async () => void await writeCertificate(out, content, { signKey }));
    return { text: [...describeCertificate(content), `written: ${out}`].join("\n"), summary };
  },
});
