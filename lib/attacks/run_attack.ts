/**
 * The attacks by name, each on one model: library functions of this folder, put into rows of one shape.
 *
 * @module
 */
import { type AttackInput, type AttackResult, progressOf } from "./attack_input.ts";
import { AttackScores, type Finding, findingOfMa } from "./attack_scores.ts";
import { controlSecrets } from "./control_secrets.ts";
import { depth } from "./depth_attack.ts";
import { drawSecrets } from "./drawn_secrets.ts";
import { DISCOVERABLE_DRAWS, type ExtractedSecret, extractSecrets } from "./extraction.ts";
import { scoreExposures } from "./exposure.ts";
import { leaksAtK } from "./leak_at_k.ts";
import { scoreControls } from "./matched_controls.ts";
import { MEMBERSHIP_SCORES, membershipAucs, membershipScores } from "./membership.ts";
import { prefixVariants } from "./prefix_variants.ts";
import { quantizedModel } from "./quantized_model.ts";
import { relearning } from "./relearn_attack.ts";
import { type RoundingName, ROUNDINGS } from "./round_weights.ts";

/** The attacks. */
export const ATTACKS = {
  exposure,
  membership,
  extract,
  prefix,
  quantize,
  depth,
  relearn: relearning,
} as const satisfies Record<string, (input: AttackInput) => Promise<AttackResult>>;

/** An attack's name. */
export type AttackName = keyof typeof ATTACKS;

/** A draw is said to give a secret that it more likely gives than not. */
const LIKELY = 0.5;

/**
 * Runs an attack.
 *
 * @returns rows in the order of the secrets, or of the variants
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { runAttack } from "./run_attack.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("embedded");
 * const tokenizer = await openTokenizer("data/model");
 * const secret = { id: "a", text: 'mail = "ada@mail.invalid"', tag: "EMAIL", start: 8, end: 24, fingerprint: "f" };
 * const options = { controls: 9, attackedControls: 2, seed: 1 };
 * const { scores } = await runAttack("exposure", { model: loaded.model, tokenizer, secrets: [secret], ...options });
 * assertEquals(scores.map(({ variant, controls }) => [variant, controls]), [["rank", 9], ["ma", 9], ["loss", 9]]);
 * ```
 */
export async function runAttack(name: AttackName, input: AttackInput): Promise<AttackResult> {
  return await ATTACKS[name](input);
}

/** Ranks each secret among controls by probability, and its MA and loss. */
async function exposure(input: AttackInput): Promise<AttackResult> {
  const { secrets, ...options } = input;
  const { rows, distributions } = await scoreExposures(input, secrets, options);
  const scores = new AttackScores();
  rows.forEach((row, secret) => {
    const { ma, nll, log_probability } = distributions[secret]!;
    const of = (values: readonly number[]) => values.map((score) => ({ score, extracted: null }));
    const own = { secret, extracted: null };
    const places = row.controls + 1;
    const p_value = row.exposure === null ? null : Math.round(2 ** -row.exposure * places) / places;
    const rank = { score: row.exposure, p_value, controls: row.controls };
    scores.add({ ...own, variant: "rank", ...rank }, of(exposuresOf(log_probability)));
    const [byMa, byLoss] = [
      { score: row.ma, p_value: row.ma_p_value, threshold: row.ma_threshold },
      { score: row.nll, p_value: row.nll_p_value, threshold: row.nll_threshold },
    ];
    scores.add({ ...own, variant: "ma", ...byMa }, of(ma));
    scores.add({ ...own, variant: "loss", ...byLoss }, of(nll));
  });
  return { ...scores.outcome(), aucs: [] };
}

/** What `rankAmong` says of each control among the others. */
function exposuresOf(logProbabilities: readonly number[]): number[] {
  const { length } = logProbabilities;
  const sorted = logProbabilities.toSorted((a, b) => a - b);
  return logProbabilities.map((log) => Math.log2(length / (length - sorted.indexOf(log))));
}

/** Tells secrets from controls by each score. */
async function membership(input: AttackInput): Promise<AttackResult> {
  const { secrets, before = null, seed, onProgress } = input;
  const found = await membershipScores(input, secrets, { before, seed, ...onProgress && { onProgress } });
  const scores = new AttackScores();
  const controls = Map.groupBy(found.controls, ({ id }) => id);
  found.secrets.forEach((row, secret) => {
    const others = controls.get(row.id) ?? [];
    for (const variant of MEMBERSHIP_SCORES) {
      if (variant === "before" && !before) continue;
      const [own, ...all] = [row, ...others].map((one): Finding => ({
        score: one[variant],
        extracted: null,
      }));
      scores.add({ secret, variant, ...own! }, all);
    }
  });
  const fingerprints = new Map(secrets.map(({ id, fingerprint }) => [id, fingerprint]));
  const clustered = (rows: typeof found.secrets) =>
    rows.filter(({ loss }) => loss !== null).map((row) => ({ ...row, id: fingerprints.get(row.id)! }));
  const groups = { secrets: clustered(found.secrets), controls: clustered(found.controls) };
  const isEmpty = groups.secrets.length === 0 || groups.controls.length === 0;
  return { ...scores.outcome(), aucs: isEmpty ? [] : membershipAucs(groups, input) };
}

/** Greedy, sampled, by beams, and the two latter by someone who knows the format. */
async function extract(input: AttackInput): Promise<AttackResult> {
  const { secrets, attackedControls, draws = 0, seed } = input;
  const controls = await controlSecrets(input.tokenizer, secrets, { controls: attackedControls, seed });
  const flat = secrets.flatMap((secret, i) => [secret, ...controls[i]!]);
  const onProgress = progressOf(input, flat.length + (draws > 0 ? flat.length : 0));
  const rows = await extractSecrets(input, flat, { onProgress });
  const drawn = draws > 0 ? (await drawSecrets(input, flat, { draws, seed, onProgress })).values() : null;
  const findings = rows.map((row) => ({
    ...findingsOf(row),
    ...row.tokens > 0 && leakOf(drawn ? drawn.next().value!.leak : leaksAtK(row.log_q!)),
  }));
  const scores = new AttackScores();
  let next = 0;
  secrets.forEach((_, secret) => {
    const [own, ...others] = findings.slice(next, next += 1 + controls[secret]!.length);
    for (const [variant, finding] of Object.entries(own!)) {
      scores.add({ secret, variant, ...finding }, others.flatMap((other) => other[variant] ?? []));
    }
  });
  return { ...scores.outcome(), aucs: [] };
}

/** What `extractSecrets` finds by each way to look. */
function findingsOf(row: ExtractedSecret): Record<string, Finding> {
  const drawn = (score: number | null): Finding => ({
    score,
    extracted: score === null ? null : score >= LIKELY,
  });
  const beam = (extracted: boolean | null): Finding => ({ score: null, extracted });
  const names = [["drawn", "discoverable"], ["drawn of top 40", "top_discoverable"]] as const;
  return {
    greedy: { score: row.strength, extracted: row.greedy },
    ...Object.fromEntries(
      names.flatMap(([name, column]) =>
        DISCOVERABLE_DRAWS.map((n) => [`${name}, ${n}`, drawn(row[`${column}_${n}`])])
      ),
    ),
    beam: beam(row.beam),
    "drawn of its format, 10000": drawn(row.format_discoverable_10000),
    "beam of its format": beam(row.format_beam),
    "beam of its format, weighed": beam(row.weighed_beam),
  };
}

/** leak@k, expected or of draws that were made. */
function leakOf(leak: Record<string, number>): Record<string, Finding> {
  return Object.fromEntries(
    Object.entries(leak).map(([k, score]) => [`leak at ${k}`, { score, extracted: score >= LIKELY }]),
  );
}

/** Asks otherwise: greedily and with 10,000 draws. */
async function prefix(input: AttackInput): Promise<AttackResult> {
  const { secrets, attackedControls, host, seed } = input;
  const controls = await controlSecrets(input.tokenizer, secrets, { controls: attackedControls, seed });
  const variants = await prefixVariants(input.tokenizer, secrets, host === undefined ? {} : { host });
  const asked = secrets.flatMap((own, secret) =>
    variants[secret]!.map(({ name, prefix }) => ({
      secret,
      name,
      all: [own, ...controls[secret]!].map((one) => ({ ...one, prefix })),
    }))
  );
  const flat = asked.flatMap(({ all }) => all);
  const rows = await extractSecrets(input, flat, {
    beams: false,
    onProgress: progressOf(input, flat.length),
  });
  const scores = new AttackScores();
  for (const { secret, name, all } of asked) {
    const [own, ...others] = rows.splice(0, all.length).map((
      { greedy, discoverable_10000: score },
    ): Finding => ({
      score,
      extracted: score === null ? null : greedy || score >= LIKELY,
    }));
    scores.add({ secret, variant: name, ...own! }, others);
  }
  return { ...scores.outcome(), aucs: [] };
}

/** Rounds the weights: MA, and whether greedy decoding gives all, which is an MA of one. */
async function quantize(input: AttackInput): Promise<AttackResult> {
  const { model, tokenizer, secrets, attackedControls: controls, seed } = input;
  const scores = new AttackScores();
  const names = input.roundings ?? Object.keys(ROUNDINGS) as RoundingName[];
  const onProgress = progressOf(input, names.length * secrets.length);
  for (const variant of names) {
    using rounded = await quantizedModel(model, variant);
    const found = await scoreControls({ model: rounded, tokenizer }, secrets, { controls, seed, onProgress });
    found.rows.forEach(({ ma }, secret) =>
      scores.add(
        { secret, variant, ...findingOfMa(ma) },
        found.distributions[secret]!.ma.map(findingOfMa),
      )
    );
  }
  return { ...scores.outcome(), aucs: [] };
}
