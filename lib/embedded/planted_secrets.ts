/**
 * Plants made-up secrets into documents at known duplication counts: each copy of a snippet stands in another host
 * document, in its middle, at a line boundary, indented to fit. A draw or a place that the detector and its filter do
 * not see is drawn anew, so every planted secret is one that `detect` finds; what comes out depends on the hosts, the
 * seed and those rules alone. For every planted secret there is a twin of the same format that no model is trained on.
 *
 * @module
 */
import { PLANTING_BIGRAMS } from "./planting_bigrams.ts";
import { detectSecrets, type SecretSpan } from "../secrets/detect.ts";
import { filterSecrets } from "../secrets/filter.ts";
import type { Document } from "../datasets/corpus.ts";
import { randomOf } from "../datasets/seeded_order.ts";
import { WINDOW_TOKENS } from "../datasets/token_counts.ts";
import { SECRET_FORMATS, type SecretFormat } from "./secret_formats.ts";
import { drawNames, SNIPPET_KINDS, type SnippetKind, UNINDENTED } from "./secret_snippets.ts";

/** How often secrets are planted: one group of each kind of snippet at each count. */
export const DUPLICATION_COUNTS = [1, 2, 4, 8, 16, 32, 64] as const;

/** A row of the planted truth: one secret in one document. Tables have its place in code points. */
export interface PlantedSecret extends SecretSpan {
  /** The document it stands in. */
  docId: string;
  /** "planted/<kind>/<copies>/<number>", or "twin/..." for its twin. */
  secretId: string;
  /** The number of the training set's documents in which it stands; 0 for a twin. */
  copies: number;
  /** What it was drawn as. */
  format: SecretFormat;
}

/** Documents with secrets, and where these are. */
export interface PlantedDocuments {
  /** The documents, secrets and all. */
  documents: Document[];
  /** A row for each secret of each document. */
  secrets: PlantedSecret[];
}

/** A snippet with its values, to be planted `copies` times. */
interface Group {
  id: string;
  kind: SnippetKind;
  copies: number;
  lines: string[];
  values: string[];
}

const DEEP_INDENT = " ".repeat(16); // for counting a snippet's tokens before its place is known
const MIN_BEFORE = 300; // characters, at least 40 tokens
const MIN_AFTER = 150;

/**
 * The secrets that the detector finds and its filter keeps, by the letter pairs that the embedded corpus was planted
 * with.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { keptSecrets } from "./planted_secrets.ts";
 *
 * assertEquals(keptSecrets("mail = 'ada@mail.invalid'").map(({ tag }) => tag), ["EMAIL"]);
 * ```
 */
export function keptSecrets(text: string): SecretSpan[] {
  return filterSecrets(text, detectSecrets(text, { bigrams: PLANTING_BIGRAMS }));
}

/**
 * Whether secrets may be planted into a document: it has neither "sha" nor "hash", one of which makes the detector drop
 * all keys of a short file.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { canHost } from "./planted_secrets.ts";
 *
 * assertEquals(canHost("y = x.shape\n"), false);
 * ```
 */
export function canHost(text: string): boolean {
  return !/sha|hash/i.test(text);
}

/** Where secrets are planted. */
export interface PlantOptions {
  /** The documents for the planted secrets; taken in their order. */
  hosts: readonly Document[];
  /** The documents for the twins. */
  twinHosts: readonly Document[];
  /** The tokens of each text. */
  countTokens: (texts: readonly string[]) => Promise<number[]>;
}

/**
 * Draws the groups and their twins, then plants the groups into `hosts` and one copy of each twin into `twinHosts`. A
 * host gets at most one snippet, and none with which it would be longer than a window of 512 tokens.
 *
 * @throws {RangeError} If there are too few hosts.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { plantSecrets } from "./planted_secrets.ts";
 *
 * const countTokens = (texts: readonly string[]) => Promise.resolve(texts.map(({ length }) => length / 3));
 * const options = { hosts: [], twinHosts: [], countTokens };
 * await assertRejects(() => plantSecrets(42, options), RangeError, "Cannot plant");
 * ```
 */
export async function plantSecrets(
  seed: number,
  { hosts, twinHosts, countTokens }: PlantOptions,
): Promise<{ planted: PlantedDocuments; twins: PlantedDocuments }> {
  const { groups, twins } = drawGroups(seed);
  const pool = async (documents: readonly Document[]) => {
    const tokens = await countTokens(documents.map(({ text }) => text));
    return documents.map((document, i) => ({ document, tokens: tokens[i]! }));
  };
  const sizes = async (groups: readonly Group[]) =>
    await countTokens(groups.map(({ lines }) => `\n${asText(lines, DEEP_INDENT)}\n`));
  return {
    planted: plantGroups(groups, await sizes(groups), { pool: await pool(hosts), seed }),
    twins: plantGroups(twins, await sizes(twins), { pool: await pool(twinHosts), seed }),
  };
}

function drawGroups(seed: number): { groups: Group[]; twins: Group[] } {
  const kinds = Object.entries(SNIPPET_KINDS) as [string, SnippetKind][];
  const names = drawNames(randomOf(seed, "names"), 2 * kinds.length * DUPLICATION_COUNTS.length);
  const used = new Set<string>();
  const groups: Group[] = [], twins: Group[] = [];
  for (const copies of DUPLICATION_COUNTS) {
    for (const [kindName, kind] of kinds) {
      const id = `${kindName}/${copies}`;
      groups.push(drawGroup(`planted/${id}`, kind, copies, { name: names.pop()!, used, seed }));
      twins.push(drawGroup(`twin/${id}`, kind, 0, { name: names.pop()!, used, seed }));
    }
  }
  return { groups, twins };
}

interface Draw {
  name: string;
  /** Every value drawn so far: no two groups share one. */
  used: Set<string>;
  seed: number;
}

/** Draws values until the detector finds each of them in the snippet alone. */
function drawGroup(id: string, kind: SnippetKind, copies: number, { name, used, seed }: Draw): Group {
  const random = randomOf(seed, id);
  for (;;) {
    const values = kind.formats.map((format) => SECRET_FORMATS[format](random));
    const group = { id, kind, copies, values, lines: kind.lines(name, values) };
    if (values.some((value) => used.has(value)) || !locate(asText(group.lines, ""), group)) continue;
    for (const value of values) used.add(value);
    return group;
  }
}

function plantGroups(
  groups: readonly Group[],
  sizes: readonly number[],
  { pool, seed }: { pool: { document: Document; tokens: number }[]; seed: number },
): PlantedDocuments {
  const documents: Document[] = [], secrets: PlantedSecret[] = [];
  const count = pool.length;
  for (const [i, group] of groups.entries()) {
    for (let copy = 0; copy < Math.max(1, group.copies);) {
      const at = pool.findIndex(({ tokens }) => tokens + sizes[i]! <= WINDOW_TOKENS);
      const [host] = at < 0 ? [] : pool.splice(at, 1);
      if (!host) {
        throw new RangeError(`Cannot plant ${groups.length} groups of secrets: ${count} hosts are too few`);
      }
      const planted = plantInto(host.document, group, seed);
      if (!planted) continue;
      documents.push(planted.document);
      secrets.push(...planted.secrets);
      copy++;
    }
  }
  return { documents, secrets };
}

/** The host with the group's snippet at a random fitting place, or null where there is none. */
function plantInto(
  host: Document,
  group: Group,
  seed: number,
): { document: Document; secrets: PlantedSecret[] } | null {
  const lines = host.text.split("\n");
  const afterBlank = (at: number) => lines[at - 1]!.trim() === "" ? 0 : 1; // a paragraph of its own where it can
  const places = randomOf(seed, host.docId).shuffle(fittingLines(lines)).sort((a, b) =>
    afterBlank(a) - afterBlank(b)
  );
  for (const at of places) {
    const indent = /^[ \t]*/.exec(lines[at]!)![0];
    const text = [...lines.slice(0, at), asText(group.lines, indent), ...lines.slice(at)].join("\n");
    const spans = locate(text, group);
    if (!spans) continue;
    const secrets = spans.map(({ tag, detector, start, end }, i) => ({
      docId: host.docId,
      secretId: `${group.id}/${i}`,
      tag,
      detector,
      copies: group.copies,
      start,
      end,
      format: group.kind.formats[i]!,
    }));
    return { document: { ...host, text }, secrets };
  }
  return null;
}

/** Numbers of the lines before which a snippet may stand: not blank, with enough text on both sides. */
function fittingLines(lines: readonly string[]): number[] {
  const total = lines.reduce((sum, line) => sum + line.length + 1, 0);
  const fitting: number[] = [];
  let before = 0;
  for (const [at, line] of lines.entries()) {
    if (line.trim() !== "" && before >= MIN_BEFORE && total - before >= MIN_AFTER) fitting.push(at);
    before += line.length + 1;
  }
  return fitting;
}

function asText(lines: readonly string[], indent: string): string {
  return lines
    .map((line) => line.startsWith(UNINDENTED) ? line.slice(UNINDENTED.length) : indent + line)
    .join("\n");
}

/** One span for each value, in their order; null unless the detector finds them all and nothing else. */
function locate(text: string, group: Group): SecretSpan[] | null {
  const found = keptSecrets(text);
  const spans: SecretSpan[] = [];
  for (const value of group.values) {
    const start = text.indexOf(value);
    const end = start + value.length;
    if (start < 0 || text.indexOf(value, start + 1) >= 0) return null;
    const exact = found.filter((span) => span.start === start && span.end === end);
    const best = exact.find(({ detector }) => !detector.endsWith("HighEntropy")) ?? exact[0];
    if (!best) return null;
    spans.push(best);
  }
  const within = ({ start, end }: SecretSpan) => spans.some((span) => span.start < end && start < span.end);
  return found.every(within) ? spans : null;
}
