/**
 * What a tokenizer.json may hold. The native library trusts it: some kinds of steps with odd numbers end the process,
 * others fill the memory, and neither can be caught. So every step is checked before the library sees it, by the list of
 * kinds in tokenizer_kinds.ts: a kind that is not on it is refused by its name, and so is a number out of its bounds.
 *
 * @module
 */
import { ADDED_TOKEN, BPE, type Check, type Fields, PARTS } from "./tokenizer_kinds.ts";

const MAX_ADDED_TOKENS = 1 << 15; // the library compares each with all others
const MAX_STEPS = 32;
const MAX_DEPTH = 4;
/** How many times longer Replace steps may make a text together: SentencePiece's keep its length. */
const MAX_GROWTH = 8;

/** A tokenizer.json that was checked. */
export interface CheckedTokenizer {
  /** How many times longer its normalizer makes a text, at most and but for Unicode's forms. */
  growth: number;
}

/**
 * Checks a tokenizer.json.
 *
 * @param json as JSON.parse gives it
 * @throws {RangeError} naming the kind or field that is refused
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const model = { type: "BPE", vocab: { a: 0 }, merges: [] };
 * assertEquals(checkTokenizer({ model, normalizer: { type: "NFC" } }), { growth: 1 });
 * const message = 'its normalizer "Precompiled" is not supported: expected ';
 * assertThrows(() => checkTokenizer({ model, normalizer: { type: "Precompiled" } }), RangeError, message);
 * ```
 */
export function checkTokenizer(json: unknown): CheckedTokenizer {
  if (json === null || typeof json !== "object" || Array.isArray(json)) {
    throw new RangeError("it is no object");
  }
  const fields = json as Fields;
  const { type = "BPE" } = (fields.model ?? {}) as Fields; // GPT-2's does not say it
  if (type !== "BPE") refuse(`its model ${JSON.stringify(type)} is not supported: expected "BPE"`);
  checkFields((fields.model ?? {}) as Fields, BPE, "model");
  checkPrefix(fields.model as Fields);
  for (const part of Object.keys(PARTS)) {
    const steps = stepsOf(fields[part], part);
    if (steps.length > MAX_STEPS) {
      refuse(`its ${part} has ${steps.length} steps, at most ${MAX_STEPS} are allowed`);
    }
    for (const step of steps) {
      checkFields(step, PARTS[part]!.kinds[step.type as string]!, `${part} ${step.type}`);
    }
  }
  checkAddedTokens(fields.added_tokens ?? [], stepsOf(fields.normalizer, "normalizer"));
  for (const step of stepsOf(fields.post_processor, "post_processor")) checkTemplates(step);
  return { growth: growthOf(fields) };
}

function refuse(what: string): never {
  throw new RangeError(what);
}

function checkFields(fields: Fields, checks: Readonly<Record<string, Check>>, name: string): void {
  for (const [field, check] of Object.entries(checks)) {
    const wrong = check(fields[field]);
    if (wrong !== undefined) refuse(`${field} of its ${name} ${wrong}`);
  }
}

/** The steps of a part, those of Sequences too, each of a known kind. */
function stepsOf(step: unknown, part: string, depth = 0): Fields[] {
  if (step === null || step === undefined) return [];
  const { kinds, steps: list } = PARTS[part]!;
  const { type, [list]: steps } = step as Fields;
  if (type === "Sequence") {
    if (!Array.isArray(steps)) refuse(`its ${part} is a Sequence without ${list}`);
    if (depth === MAX_DEPTH) refuse(`its ${part} has Sequences more than ${MAX_DEPTH} deep`);
    return steps.slice(0, MAX_STEPS + 1).flatMap((one) => stepsOf(one, part, depth + 1)).slice(
      0,
      MAX_STEPS + 1,
    );
  }
  if (typeof type !== "string" || !Object.hasOwn(kinds, type)) {
    const known = [...Object.keys(kinds), "Sequence"].map((name) => `"${name}"`).join(", ");
    refuse(`its ${part} ${JSON.stringify(type) ?? "without a type"} is not supported: expected ${known}`);
  }
  return [step as Fields];
}

/** Among them none that the normalizer could make empty: the native library would find it between any two bytes. */
function checkAddedTokens(tokens: unknown, normalizers: readonly Fields[]): void {
  if (!Array.isArray(tokens)) refuse("its added_tokens are no list");
  if (tokens.length > MAX_ADDED_TOKENS) {
    refuse(`it has ${tokens.length} added_tokens, at most ${MAX_ADDED_TOKENS} are allowed`);
  }
  tokens.forEach((token, i) => checkFields((token ?? {}) as Fields, ADDED_TOKEN, `added token ${i}`));
  const shortens = normalizers.find(({ type, content }) =>
    type === "Strip" || type === "StripAccents" || (type === "Replace" && content === "")
  );
  const bad = shortens ? tokens.findIndex(({ normalized }: Fields) => normalized !== false) : -1;
  if (bad >= 0) refuse(`its normalizer ${shortens!.type} may make added token ${bad} empty`);
}

/**
 * Refuses merges whose second token lacks the prefix that all continuing tokens have: the native library cuts it off
 * unseen, and ends the process where the token is shorter.
 */
function checkPrefix({ continuing_subword_prefix: prefix, merges }: Fields): void {
  if (typeof prefix !== "string") return;
  const bad = (merges as (string | string[])[]).findIndex((merge) => {
    const second = typeof merge === "string" ? merge.split(" ")[1]! : merge[1]!;
    return !second.startsWith(prefix);
  });
  if (bad >= 0) refuse(`the second token of merge ${bad} does not begin with the prefix`);
}

/** Refuses templates that use what is not there: the native library looks it up all the same. */
function checkTemplates({ type, single, pair, special_tokens }: Fields): void {
  if (type !== "TemplateProcessing") return;
  const hasSecond = (single as { Sequence?: { id: string } }[]).some(({ Sequence }) =>
    Sequence && Sequence.id !== "A"
  );
  if (hasSecond) refuse("its post_processor has a second text in its template for one");
  for (const piece of [single, pair ?? []].flat() as { SpecialToken?: { id: string } }[]) {
    const id = piece.SpecialToken?.id;
    if (id === undefined || Object.hasOwn(special_tokens as Fields, id)) continue;
    refuse(`its post_processor uses the special token ${JSON.stringify(id)}, which it does not list`);
  }
}

/** How many times longer a text may become by its Replace steps, one after the other. */
function growthOf({ normalizer }: Fields): number {
  let growth = 1;
  for (const { type, pattern, content } of stepsOf(normalizer, "normalizer")) {
    if (type !== "Replace") continue;
    const { String: literal = "x" } = pattern as Fields; // an expression matches at least one character
    growth *= Math.max(1, (content as string).length / (literal as string).length);
  }
  if (growth > MAX_GROWTH) {
    refuse(`its Replace steps make a text ${growth} times longer, at most ${MAX_GROWTH} times is allowed`);
  }
  return growth;
}
