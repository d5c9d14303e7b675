/**
 * `probe`: how well a model knows each secret of a corpus. The corpus goes by once, and of it only the secrets' tokens are
 * kept; these are scored in units, a part of the output each, which an interrupted run goes on from.
 *
 * @module
 */
import { readConfig } from "../../checkpoints/load.ts";
import { createHash } from "node:crypto";
import { type CorpusCounts, emptyCorpus, streamDocuments } from "../../datasets/corpus.ts";
import { countDocuments } from "../../datasets/corpus_pieces.ts";
import { resolveCorpus } from "../../datasets/resolve_corpus.ts";
import { readRows } from "../../datasets/row_table.ts";
import { placeKey, type SecretPlace } from "../../datasets/place.ts";
import { PREFIX_TOKENS, SECRET_TOKENS, windowTokensOf } from "../../datasets/token_counts.ts";
import { type LocatedSecret, SecretLocator } from "../../evaluation/locate_secrets.ts";
import { probeRow, scoreLocated } from "../../evaluation/probe.ts";
import { Scorer, type Scores } from "../../metrics/scorer.ts";
import { openModelTokenizer } from "../../checkpoints/model_tokenizer.ts";
import { privateIf } from "../../files/write_file.ts";
import { MODEL_OPTIONS, modelInputs } from "../adapter_options.ts";
import { type Context, defineCommand } from "../command.ts";
import { CORPUS_OPTIONS, describeCorpus, givenCorpus } from "../corpus_options.ts";
import { corpusStage } from "../corpus_stage.ts";
import { DTYPE_OPTION } from "../dtype_options.ts";
import { modelFolder } from "../model_folder.ts";
import { makeParts, type WorkUnit, writeParts } from "../part_files.ts";
import type { ScoredCorpus } from "../score_documents.ts";
import { type ControlCells, locatedControls, timeSecrets } from "../probe_controls.ts";
import { describeProbe, unpredictedLines } from "../probe_text.ts";
import { PLAN_OPTION, planScores } from "../plan.ts";
import { REFERENCE_OPTIONS } from "../reference_options.ts";
import { type ModelSession, openModel } from "../session.ts";
import { SHARD_OPTION } from "../shard.ts";
import { openShardRun } from "../shard_run.ts";
import {
  CONTROL_COLUMNS,
  PROBE_COLUMNS,
  PROBE_EL_COLUMNS,
  PROOF_COLUMNS,
  PROOF_NAMES,
  ROW_COLUMN,
  SECRET_COLUMNS,
} from "../../datasets/columns.ts";
import { keyWhenAsked } from "../secret_key.ts";

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
    ...MODEL_OPTIONS,
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
    firstWindow: {
      kind: "flag",
      describe: "the first 512 tokens of a document only, as the paper does; --compat reference does, too",
    },
    ...REFERENCE_OPTIONS,
    controls: {
      kind: "int",
      describe:
        "made-up secrets of the same format that each is compared with, 100 by habit; with --el some have EL_10",
      default: 0,
      min: 0,
    },
    reveal: { kind: "flag", describe: "write the secrets themselves, in a column of their own" },
    shard: SHARD_OPTION,
    plan: PLAN_OPTION,
    out: { kind: "path", describe: "table of the scores", metavar: "F", required: true },
  },
  config: true,
  writes: true,
  async run(
    { secrets, el, controls, proxy, proxyMa, firstWindow, compat, keepShort, reveal, out: whole, ...values },
    context,
  ) {
    const { model, adapter, dtype, shard: given } = values;
    using corpus = await givenCorpus(values.corpus, values);
    if (values.plan) {
      const { places } = await readPlaces(secrets, proxy === undefined ? null : { proxy, proxyMa });
      const tokens = PREFIX_TOKENS + SECRET_TOKENS;
      const work = {
        model,
        adapter,
        dtype,
        unit: "secrets" as const,
        rows: places.length,
        shard: given,
        tokens,
      };
      const score = (session: ModelSession, rows: readonly Int32Array[]) =>
        timeSecrets(session.loaded.model, rows, { el, controls });
      return await planScores({ ...work, score }, context);
    }
    using run = await openShardRun(whole, {
      command: "probe",
      shard: given,
      context,
      inputs: { ...await modelInputs({ model, adapter }, context), corpus: corpus.input, secrets, proxy },
    });
    const { out, shard } = run;
    const { distinct, places } = await readPlaces(secrets, proxy === undefined ? null : { proxy, proxyMa });
    const source = await resolveCorpus(corpus.path, corpus.options);
    const read = describeCorpus(source);
    const folder = await modelFolder(model, context);
    const locator = new SecretLocator(await openModelTokenizer(folder), places, {
      firstWindowOnly: firstWindow || compat === "reference",
      dropsShort: compat === "reference" && !keepShort,
      windowTokens: windowTokensOf((await readConfig(folder)).config),
      units: Math.max(1, Math.ceil(places.length / UNIT_SECRETS)),
      isOwn: (unit) => !shard || unit % shard.count === shard.index,
      key: keyWhenAsked(),
      reveal: reveal || controls > 0,
    });
    await lookThrough({ source, options: corpus.options }, locator, context);
    const { located, notTreated, unpredicted } = await locator.finish();
    using session = await openModel(model, context, { products: dtype, adapter });
    using scorer = new Scorer(session.loaded.model);
    const { tokenizer, loaded } = session;
    const { endOfText } = tokenizer;
    const stage = context.progress.start("Probing", located.length, "secrets");
    const columns = {
      ...(el ? PROBE_EL_COLUMNS : PROBE_COLUMNS),
      ...PROOF_COLUMNS,
      ...(controls > 0 && CONTROL_COLUMNS),
      ...(reveal && { value: "text" as const }),
      ...ROW_COLUMN,
    };
    const onProgress = async (done: number) => {
      stage.advance(done);
      await context.breathe();
    };
    const { parts, counts } = await makeParts(
      unitsOf(located, async (own) => {
        scorer.forget();
        if (controls === 0) {
          return { scores: await scoreLocated({ scorer, endOfText }, own, { el, onProgress }) };
        }
        const scores = await scoreLocated({ scorer, endOfText }, own, { el, onProgress: context.breathe });
        const options = { controls, el, seed: context.seed, onProgress };
        return { scores, cells: await locatedControls({ model: loaded.model, tokenizer }, own, options) };
      }),
      {
        folder: run.scratch,
        columns,
        onPart: ({ secrets }, wasThere) => wasThere ? stage.skip(secrets) : undefined,
      },
    );
    stage.done();
    const scored = new Set(located.map(({ pair }) => pair)).size;
    const summary = {
      secrets: located.length,
      documents: new Set(located.map(({ place }) => place.doc_id)).size,
      memorized: counts.reduce((sum, { memorized }) => sum + memorized, 0),
      scored,
      equal_pairs: located.length - scored,
      skipped_by_proxy: distinct - places.length,
      not_treated: notTreated.length,
      unpredicted: unpredicted.length,
      ...read.summary,
      out,
    };
    await run.finish(summary, () => {
      const sortBy = shard ? {} : { sortBy: "row" };
      return writeParts(parts, out, { columns, ...sortBy, ...privateIf(reveal) });
    });
    return {
      text: [...read.lines, ...unpredictedLines(unpredicted), describeProbe(summary)].join("\n"),
      summary,
    };
  },
});

/** Secrets of a unit of work, about. */
const UNIT_SECRETS = 256;

/** A place with what `detect` says of it, where it is known. */
interface ProbedPlace extends SecretPlace {
  detector: string | null;
  fingerprint: string | null;
}

/** The places of the secrets' table, each once, as it was found first, whoever else found it; and those of them to probe. */
async function readPlaces(
  secrets: string,
  proxy: { proxy: string; proxyMa: number } | null,
): Promise<{ distinct: number; places: ProbedPlace[] }> {
  const all = await readRows(secrets, { ...SECRET_COLUMNS, ...PROOF_COLUMNS }, { optional: PROOF_NAMES });
  const distinct = [...Map.groupBy(all, placeKey).values()].map(([first]) => first!);
  return {
    distinct: distinct.length,
    places: proxy === null ? distinct : await keepProxied(distinct, proxy),
  };
}

/** Gives all documents of a corpus to who looks for secrets in them. */
async function lookThrough(
  { source, options }: ScoredCorpus,
  locator: SecretLocator<ProbedPlace>,
  { progress, breathe }: Pick<Context, "progress" | "breathe">,
): Promise<void> {
  const reading = { ...options, breathe };
  const total = await countDocuments(source, reading);
  const stage = await corpusStage(progress, "Finding secrets", { source, total });
  const counts: CorpusCounts = { skipped: [], replacedSurrogates: 0, read: 0 };
  let documents = 0;
  for await (const document of streamDocuments(source, reading, counts)) {
    await locator.add(document);
    stage.reach({ documents: ++documents + counts.skipped.length, read: counts.read });
    await breathe();
  }
  stage.done();
  if (documents === 0) throw emptyCorpus(source.path, counts.skipped);
}

/** The units of work of secrets that were found. */
function* unitsOf(
  located: readonly LocatedSecret<ProbedPlace>[],
  score: (
    own: readonly LocatedSecret<ProbedPlace>[],
  ) => Promise<{ scores: Scores[]; cells?: ControlCells[] }>,
): Generator<WorkUnit<ProbedColumns, { secrets: number; memorized: number }>> {
  const units = Map.groupBy(located, ({ unit }) => unit);
  for (const [index, own] of [...units].sort(([a], [b]) => a - b)) {
    const hash = createHash("sha256");
    for (const { place, row, window, maskTokens, pair } of own) {
      hash.update(JSON.stringify([place, row, window, maskTokens, pair.key]));
    }
    yield {
      index,
      key: hash.digest("hex").slice(0, 16),
      make: async () => {
        const { scores, cells } = await score(own);
        const rows = own.map((secret, i) => {
          const value = secret.value === undefined ? {} : { value: secret.value }; // written where there is a column
          return { ...probeRow(secret, scores[i]!), ...cells?.[i], ...value, row: secret.row };
        });
        const memorized = rows.filter(({ ma }) => ma !== null && ma >= 0.9).length;
        return { rows, counts: { secrets: rows.length, memorized } };
      },
    };
  }
}

type ProbedColumns = typeof PROBE_COLUMNS & typeof PROOF_COLUMNS & typeof ROW_COLUMN;

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
