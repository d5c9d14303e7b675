/**
 * adapter_config.json, as the peft library (huggingface/peft, LoraConfig) reads and writes it: of its many fields those that
 * change what an adapter computes are known, or refused by their names.
 *
 * @module
 */
import type { LoraOptions } from "../models/adapter.ts";
import { checkLora } from "../models/lora.ts";
import { readRegularText } from "../files/read_file.ts";
import { reasonOf } from "../files/reason.ts";

/** The file's name. */
export const ADAPTER_CONFIG = "adapter_config.json";

/** What the file says. */
export interface AdapterConfig extends LoraOptions {
  /** What the base was called where the adapter was made; null where it does not say. */
  base: string | null;
}

const MAX_BYTES = 1 << 22;

/** Fields that must be absent, null, false or empty: another computation, or other weights, would be meant. */
const UNSUPPORTED = [
  "use_dora",
  "use_rslora",
  "use_qalora",
  "use_bdlora",
  "lora_bias",
  "modules_to_save",
  "rank_pattern",
  "alpha_pattern",
  "layer_replication",
  "target_parameters",
  "trainable_token_indices",
  "alora_invocation_tokens",
  "kasa_config",
  "velora_config",
] as const;

/**
 * Reads the file of an adapter's folder.
 *
 * @throws {Error} when there is none; {SyntaxError} when it is malformed; {RangeError} when it means what is not supported
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const config = await readAdapterConfig("tests/fixtures/lora/gpt2");
 * assertEquals(config, { rank: 3, alpha: 6, dropout: 0, base: "gpt2/plain" });
 * ```
 */
export async function readAdapterConfig(folder: string): Promise<AdapterConfig> {
  const refuse = (what: string, cause?: unknown): never => {
    throw new RangeError(`Cannot use adapter "${folder}": ${what}`, { cause });
  };
  const text = await readText(folder);
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(text);
    if (json === null || typeof json !== "object" || Array.isArray(json)) {
      throw new SyntaxError("it is no JSON object");
    }
  } catch (cause) {
    throw new SyntaxError(`Cannot use adapter "${folder}": ${ADAPTER_CONFIG}: ${reasonOf(cause)}`, { cause });
  }
  const shown = (field: string) => `${field} is ${JSON.stringify(json[field]) ?? "missing"}`;
  if (json.peft_type !== "LORA") refuse(`${shown("peft_type")}: expected "LORA"`);
  for (const field of UNSUPPORTED) {
    const value = json[field];
    const isEmpty = !value || (typeof value === "object" && Object.keys(value).length === 0);
    if (!isEmpty) refuse(`${shown(field)}: it is not supported`);
  }
  if ((json.bias ?? "none") !== "none") refuse(`${shown("bias")}: expected "none"`);
  const options = { rank: json.r, alpha: json.lora_alpha, dropout: json.lora_dropout ?? 0 } as LoraOptions;
  for (const [field, value] of Object.entries({ r: options.rank, lora_alpha: options.alpha })) {
    if (typeof value !== "number") refuse(`${shown(field)}: expected a number`);
  }
  try {
    checkLora(options);
  } catch (cause) {
    refuse(reasonOf(cause).replace("Cannot make an adapter: ", ""), cause);
  }
  const base = json.base_model_name_or_path;
  return { ...options, base: typeof base === "string" ? base : null };
}

async function readText(folder: string): Promise<string> {
  try {
    return await readRegularText(`${folder}/${ADAPTER_CONFIG}`, { what: "adapter", maxBytes: MAX_BYTES });
  } catch (cause) {
    if (!((cause as Error).cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Error(
      `Cannot use adapter "${folder}": it has no ${ADAPTER_CONFIG}: give a folder that --lora or peft wrote`,
      { cause },
    );
  }
}

/**
 * The file of an adapter.
 *
 * @param targets names of layers, or ends of them after a dot
 * @param isInOut whether the layers' weights are stored as [in, out]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const options = { rank: 8, alpha: 16, dropout: 0.1, base: "org/coder" };
 * const json = adapterConfigJson(options, { targets: ["mlp.c_fc"], isInOut: true });
 * assertEquals([json.r, json.lora_alpha, json.fan_in_fan_out], [8, 16, true]);
 * ```
 */
export function adapterConfigJson(
  { rank, alpha, dropout, base }: AdapterConfig,
  { targets, isInOut }: { targets: readonly string[]; isInOut: boolean },
): Record<string, unknown> {
  return {
    base_model_name_or_path: base,
    bias: "none",
    fan_in_fan_out: isInOut,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: alpha,
    lora_dropout: dropout,
    modules_to_save: null,
    peft_type: "LORA",
    r: rank,
    target_modules: targets,
    task_type: "CAUSAL_LM",
  };
}
