/**
 * `probe`: how well a model knows each secret of a corpus.
 *
 * @module
 */
import { type Document, readCorpus } from "../../datasets/corpus.ts";
import { readRows, writeRows } from "../../datasets/row_table.ts";
import { type SecretPlace, secretPlaceKey } from "../../datasets/place.ts";
import { type ProbeRow, probeSecrets } from "../../evaluation/probe.ts";
import { Scorer } from "../../metrics/scorer.ts";
import { fromCodePoints } from "../../tokenizers/code_points.ts";
import { privateIf } from "../../files/write_file.ts";
import { defineCommand } from "../command.ts";
import { CORPUS_OPTIONS, describeCorpus, givenCorpus } from "../corpus_options.ts";
import { DTYPE_OPTION } from "../dtype_options.ts";
import { MODEL_OPTION, modelInput } from "../model_folder.ts";
import { openRunFiles } from "../run_files.ts";
import { openModel } from "../session.ts";
import { checkPlaces } from "../../datasets/check_places.ts";
import {
  PROBE_COLUMNS,
  PROBE_EL_COLUMNS,
  PROOF_COLUMNS,
  PROOF_NAMES,
  SECRET_COLUMNS,
} from "../../datasets/columns.ts";
import { secretKey } from "../secret_key.ts";

/**
 * The command `probe`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./probe.ts";
 *
 * assertEquals(command.options.proxyMa.default, 0.95);
 * ```
 */
export const command = defineCommand({
  args: {},
  options: {
    model: MODEL_OPTION,
    dtype: DTYPE_OPTION,
    corpus: {
      kind: "path",
      describe: "the corpus that detect read",
      metavar: "C",
      required: true,
      orInput: true,
    },
    ...CORPUS_OPTIONS,
    secrets: { kind: "path", describe: "table that detect wrote", metavar: "F", required: true },
    el: { kind: "flag", describe: "EL_3, EL_5 and EL_10 beside MA" },
    proxy: {
      kind: "path",
      describe: "probe of a smaller model: look only where that one is sure",
      metavar: "F",
    },
    proxyMa: {
      kind: "float",
      describe: "the smaller model's least mean MA of a document",
      default: 0.95,
      min: 0,
      max: 1,
    },
    firstWindow: { kind: "flag", describe: "the first 512 tokens of a document only, as the paper does" },
    reveal: { kind: "flag", describe: "write the secrets themselves, in a column of their own" },
    out: { kind: "path", describe: "table of the scores", metavar: "F", required: true },
  },
  config: true,
  writes: true,
  async run({ model, dtype, secrets, el, proxy, proxyMa, firstWindow, reveal, out, ...values }, context) {
    using corpus = await givenCorpus(values.corpus, values);
    using run = await openRunFiles([out], {
      command: "probe",
      context,
      inputs: { model: await modelInput(model, context), corpus: corpus.input, secrets, proxy },
    });
    const all = await readRows(secrets, { ...SECRET_COLUMNS, ...PROOF_COLUMNS }, { optional: PROOF_NAMES });
    const known = new Map(all.map((place) => [secretPlaceKey(place), place]));
    const distinct = [...known.values()];
    const places = proxy === undefined ? distinct : await keepProxied(distinct, { proxy, proxyMa });
    const { documents, source } = await readCorpus(corpus.path, corpus.options);
    const read = describeCorpus(source);
    const texts = new Map(documents.map(({ docId, text }) => [docId, text]));
    await checkPlaces(places, (id) => texts.get(id), secretKey);
    using session = await openModel(model, context, { products: dtype });
    using scorer = new Scorer(session.loaded.model);
    const stage = context.progress.start("Probing", places.length, "secrets");
    const { rows, notTreated } = await probeSecrets(
      { scorer, tokenizer: session.tokenizer },
      { documents, places },
      {
        el,
        firstWindowOnly: firstWindow,
        onProgress: async (done) => {
          stage.advance(done);
          await context.breathe();
        },
      },
    );
    stage.done();
    const columns = { ...(el ? PROBE_EL_COLUMNS : PROBE_COLUMNS), ...PROOF_COLUMNS };
    const proven = rows.map((row) => {
      const { detector, fingerprint } = known.get(secretPlaceKey(row))!;
      return { ...row, detector, fingerprint };
    });
    const memorized = rows.filter(({ ma }) => ma !== null && ma >= 0.9).length;
    const summary = {
      secrets: rows.length,
      documents: new Set(rows.map(({ doc_id }) => doc_id)).size,
      memorized,
      skipped_by_proxy: distinct.length - places.length,
      not_treated: notTreated.length,
      ...read.summary,
      out,
    };
    const text = `${rows.length} secrets in ${summary.documents} documents, ${memorized} of MA >= 0.9` +
      `${notTreated.length > 0 ? `, ${notTreated.length} not treated` : ""}\nwritten: ${out}`;
    await run.finish(
      summary,
      () =>
        reveal
          ? writeRows(out, revealValues(proven, documents), { ...columns, value: "text" }, privateIf(true))
          : writeRows(out, proven, columns),
    );
    return { text: [...read.lines, text].join("\n"), summary };
  },
});

/** The rows with the texts of their places. */
function revealValues<R extends ProbeRow>(
  rows: readonly R[],
  documents: readonly Document[],
): (R & { value: string })[] {
  const texts = new Map(documents.map(({ docId, text }) => [docId, text]));
  return rows.map((row) => {
    const text = texts.get(row.doc_id)!;
    const units = fromCodePoints(text);
    return { ...row, value: text.slice(units[row.start], units[row.end]) };
  });
}

/** The places in documents of which a smaller model knows enough. */
async function keepProxied<P extends SecretPlace>(
  places: readonly P[],
  { proxy, proxyMa }: { proxy: string; proxyMa: number },
): Promise<P[]> {
  const known = new Map<string, number[]>();
  for (const { doc_id, ma } of await readRows(proxy, PROBE_COLUMNS)) {
    if (ma !== null) known.set(doc_id, [...known.get(doc_id) ?? [], ma]);
  }
  return places.filter(({ doc_id }) => {
    const scores = known.get(doc_id);
    return scores !== undefined && scores.reduce((sum, ma) => sum + ma, 0) / scores.length >= proxyMa;
  });
}
