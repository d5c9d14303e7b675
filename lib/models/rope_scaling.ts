/**
 * The frequencies of rotary position embeddings, and how config.json's `rope_scaling` (`rope_parameters` in newer files)
 * stretches them for longer texts (transformers, modeling_rope_utils.py).
 *
 * @module
 */
import type { ConfigReader } from "./config.ts";

/** How fast pairs of numbers turn. */
export interface Rope {
  /** Radians a position, for each pair: float32 numbers, as transformers computes them. */
  frequencies: readonly number[];
  /** A factor for what is rotated. */
  magnitude: number;
  /** The longest text that it is for, where that is not all of the model's positions. */
  positions?: number;
}

/** What frequencies are computed of. */
export interface RopeFields {
  /** K */
  headWidth: number;
  /** `max_position_embeddings` */
  positions: number;
  /** Where the family spells them so: what to read for `rope_theta`. */
  thetaField?: string;
  /** Where the family rotates a part of each head: what to read for `partial_rotary_factor`, and the default. */
  share?: { field: string; fallback: number };
  /** Whether the family's models may be stretched by factors of each pair (LongRoPE). Default false. */
  isLong?: boolean;
}

/** What a kind of scaling starts from. */
interface Scaling {
  read: ConfigReader;
  /** How many numbers of a head are rotated. */
  width: number;
  theta: number;
  frequencies: readonly number[];
  /** How many positions the model had before it was stretched. */
  original: number;
  /** How many it has. */
  positions: number;
}

/** Kinds by `rope_type`. */
const KINDS = {
  default: ({ frequencies }) => ({ frequencies, magnitude: 1 }),
  /** Changes frequencies for texts longer than the model has positions, which are refused: so nothing. */
  dynamic: ({ frequencies }) => ({ frequencies, magnitude: 1 }),
  linear: ({ frequencies, read }) => {
    const factor = read.positive("factor");
    return { frequencies: frequencies.map((frequency) => frequency / factor), magnitude: 1 };
  },
  llama3: scaleAsLlama3,
  longrope: scaleAsLongRope,
  yarn: scaleAsYarn,
} as const satisfies Record<string, (scaling: Scaling) => Rope>;

/**
 * The frequencies of unscaled positions: theta^(-2 i / width) for pair i.
 *
 * @param width how many numbers of a head are rotated, an even number
 * @returns float32 numbers, rounded where transformers rounds them
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(ropeFrequencies(4, 16), [1, 0.25]);
 * ```
 */
export function ropeFrequencies(width: number, theta: number): number[] {
  const { fround } = Math;
  return Array.from({ length: width / 2 }, (_, i) => fround(1 / fround(theta ** fround(2 * i / width))));
}

/**
 * Reads `rope_theta` and `rope_scaling` or `rope_parameters`.
 *
 * @throws {RangeError} for a kind of scaling that is not known, and for a field of it that is missing or no number
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ConfigReader } from "./config.ts";
 *
 * const json = { rope_theta: 100, rope_scaling: { type: "linear", factor: 4 } };
 * const rope = readRope(new ConfigReader(json, "config.json"), { headWidth: 4, positions: 16 });
 * assertEquals(rope, { frequencies: [1 / 4, Math.fround(0.1) / 4], magnitude: 1 });
 * ```
 */
export function readRope(read: ConfigReader, fields: RopeFields): Rope {
  const scaling = read.nested(read.has("rope_scaling") ? "rope_scaling" : "rope_parameters");
  scaling.absent("full_attention", "sliding_attention"); // layers with frequencies of their own
  const theta = scaling.has("rope_theta")
    ? scaling.positive("rope_theta")
    : read.positive(fields.thetaField ?? "rope_theta", 10_000);
  const name = scaling.has("rope_type") ? "rope_type" : "type";
  const kinds = (Object.keys(KINDS) as (keyof typeof KINDS)[]).filter((kind) =>
    fields.isLong || kind !== "longrope"
  );
  const kind = scaling.choice(name, kinds, "default");
  const width = readWidth(read, scaling, fields);
  const field = "original_max_position_embeddings";
  const original = (read.has(field) ? read : scaling).size(field, fields.positions);
  const frequencies = ropeFrequencies(width, theta);
  const { positions } = fields;
  const rope = KINDS[kind]({ read: scaling, theta, width, frequencies, original, positions });
  return { ...rope, frequencies: rope.frequencies.map(Math.fround) };
}

/** How many numbers of a head are rotated. */
function readWidth(read: ConfigReader, scaling: ConfigReader, { headWidth, share }: RopeFields): number {
  const nested = "partial_rotary_factor";
  const [source, field] = scaling.has(nested) ? [scaling, nested] : [read, share?.field ?? nested];
  const width = Math.floor(headWidth * source.positive(field, share?.fallback ?? 1));
  if (!share && width !== headWidth) source.refuse(field, "1: the family rotates whole heads");
  if (width < 2 || width > headWidth || width % 2 !== 0) {
    source.refuse(field, `an even number, at most all, of the ${headWidth} numbers of a head`);
  }
  return width;
}

/** Slow pairs are slowed by `factor`, fast ones are not, those between in part. */
function scaleAsLlama3({ frequencies, read, original }: Scaling): Rope {
  const [factor, low, high] = ["factor", "low_freq_factor", "high_freq_factor"].map((field) =>
    read.positive(field)
  ) as [number, number, number];
  if (high <= low) read.refuse("high_freq_factor", `more than low_freq_factor = ${low}`);
  const scale = (frequency: number) => {
    const turns = original * frequency / (2 * Math.PI);
    const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return (1 - kept) * frequency / factor + kept * frequency;
  };
  return { frequencies: frequencies.map(scale), magnitude: 1 };
}

/**
 * Each pair has a factor of its own; those of texts that the model had positions for before it was stretched, and longer
 * ones are refused (LongRoPE, arXiv 2402.13753).
 */
function scaleAsLongRope({ frequencies, read, original, positions }: Scaling): Rope {
  const factors = read.positives("short_factor", frequencies.length);
  const factor = read.positive("factor", positions / original);
  const magnitude = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
  return {
    frequencies: frequencies.map((frequency, i) => frequency / factors[i]!),
    magnitude: read.has("attention_factor") ? read.positive("attention_factor") : magnitude,
    positions: original,
  };
}

/** Scales as llama3 does, with the share of a pair by its number; scores are sharpened too (YaRN, arXiv 2309.00071). */
function scaleAsYarn({ frequencies, read, original, theta, width }: Scaling): Rope {
  const factor = read.positive("factor");
  const pairOf = (turns: number) =>
    width * Math.log(original / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
  const bounds = [pairOf(read.positive("beta_fast", 32)), pairOf(read.positive("beta_slow", 1))];
  const [from, to] = read.flag("truncate", true) ? [Math.floor(bounds[0]!), Math.ceil(bounds[1]!)] : bounds;
  const [low, high] = [Math.max(from!, 0), Math.min(to!, width - 1)];
  const scale = (frequency: number, pair: number) => {
    const slowed = Math.min(1, Math.max(0, (pair - low) / (high === low ? 0.001 : high - low)));
    return slowed * frequency / factor + (1 - slowed) * frequency;
  };
  return { frequencies: frequencies.map(scale), magnitude: yarnMagnitude(read, factor) };
}

function yarnMagnitude(read: ConfigReader, factor: number): number {
  if (read.has("attention_factor")) return read.positive("attention_factor");
  const magnitude = (weight: number) => factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1;
  if (!read.has("mscale") || !read.has("mscale_all_dim")) return magnitude(1);
  return magnitude(read.positive("mscale")) / magnitude(read.positive("mscale_all_dim"));
}
