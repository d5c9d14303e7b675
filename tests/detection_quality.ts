/**
 * `deno task quality:detect [--documents N] [--seed N]`: precision and recall of both profiles on a labelled set, kind by
 * kind, and their false alarms in real code; writes data/detection_quality.csv. Each document is some lines of real code
 * from the pinned wheels with one to three values put in: secrets of a known kind, or what only looks like one
 * (labelled_values.ts). The wheels themselves are public, so a key that is found in them as they are is a false alarm.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "../lib/setup/set_up.ts";
import { PythonRandom } from "../lib/datasets/python_random.ts";
import { writeRows } from "../lib/datasets/row_table.ts";
import { readWheelSources } from "../lib/embedded/source_documents.ts";
import { detectSecrets, type Profile, PROFILES } from "../lib/secrets/detect.ts";
import { filterSecrets } from "../lib/secrets/filter.ts";
import type { SecretSpan } from "../lib/secrets/secret_span.ts";
import { HARMLESS_KINDS, SECRET_KINDS } from "./labelled_values.ts";

/** A value in a document, and whether it is a secret. */
interface Label {
  kind: string;
  /** Null of what is no secret. */
  tag: string | null;
  start: number;
  end: number;
}

interface Counts {
  values: number;
  found: number;
}

const { values } = parseArgs({
  options: { documents: { type: "string", default: "12000" }, seed: { type: "string", default: "7" } },
});
const random = new PythonRandom(Number(values.seed));
const sources = await readSources();
const lines = sources.flatMap(({ text }) => text.split("\n")).filter((line) => !/["'`@]|\d\.\d/.test(line));

const rows: { profile: string; kind: string; is_secret: boolean; values: number; found: number }[] = [];
const documents = Array.from({ length: Number(values.documents) }, makeDocument);
for (const profile of PROFILES) {
  const kinds = new Map<string, Counts>();
  let [right, wrong] = [0, 0];
  for (const { text, labels } of documents) {
    const spans = find(text, profile);
    for (const label of labels) {
      const counts = kinds.get(label.kind) ?? { values: 0, found: 0 };
      kinds.set(label.kind, counts);
      counts.values++;
      if (spans.some((span) => isHit(span, label))) counts.found++;
    }
    for (const span of spans) {
      if (labels.some((label) => label.tag !== null && touches(span, label))) right++;
      else wrong++;
    }
  }
  for (const [kind, counts] of kinds) {
    rows.push({ profile, kind, is_secret: kind in SECRET_KINDS, ...counts });
  }
  const secrets = rows.filter((row) => row.profile === profile && row.is_secret);
  const recall = sum(secrets.map(({ found }) => found)) / sum(secrets.map(({ values }) => values));
  const precision = right / (right + wrong);
  const inCode = sources.flatMap(({ text }) => find(text, profile)).filter(({ tag }) => tag === "KEY").length;
  const megabytes = sum(sources.map(({ text }) => text.length)) / 1e6;
  console.log(
    `${profile}: precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}; ` +
      `${inCode} keys in ${megabytes.toFixed(1)} MB of public code, ${(inCode / megabytes).toFixed(2)} a MB`,
  );
}
rows.sort((a, b) =>
  Number(b.is_secret) - Number(a.is_secret) || (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0)
);
for (const { profile, kind, is_secret, values, found } of rows) {
  console.log(
    `${profile.padEnd(10)} ${is_secret ? "secret" : "not   "} ${kind.padEnd(28)} ${found} of ${values}`,
  );
}
await writeRows(
  fileURLToPath(new URL("../data/detection_quality.csv", import.meta.url)),
  rows,
  { profile: "text", kind: "text", is_secret: "bool", values: "int", found: "int" },
);

function find(text: string, profile: Profile): SecretSpan[] {
  return filterSecrets(text, detectSecrets(text, { profile }), { profile });
}

async function readSources() {
  const folder = `${cacheFolder()}/wheels`;
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(".whl"))
    .sort();
  return (await Promise.all(names.map((name) => readWheelSources(`${folder}/${name}`)))).flat();
}

function makeDocument(): { text: string; labels: Label[] } {
  const labels: Label[] = [];
  let text = filler();
  for (let count = 1 + random.randbelow(3); count > 0; count--) {
    const isSecret = random.random() < 0.5;
    const names = Object.keys(isSecret ? SECRET_KINDS : HARMLESS_KINDS);
    const kind = names[random.randbelow(names.length)]!;
    const { before = "", value, after = "" } = (isSecret ? SECRET_KINDS[kind]!.make : HARMLESS_KINDS[kind]!)(
      random,
    );
    const start = text.length + before.length;
    labels.push({ kind, tag: isSecret ? SECRET_KINDS[kind]!.tag : null, start, end: start + value.length });
    text += `${before}${value}${after}\n${filler()}`;
  }
  return { text, labels };
}

/** Some lines of real code, one after another as they stand in it. */
function filler(): string {
  const count = random.randbelow(40);
  const first = random.randbelow(lines.length - count);
  return lines.slice(first, first + count).join("\n") + "\n";
}

function touches(span: SecretSpan, { start, end }: Label): boolean {
  return span.start < end && span.end > start;
}

/** A secret is found by a span of its tag that covers most of it; what is none is hit by any span. */
function isHit(span: SecretSpan, label: Label): boolean {
  const common = Math.min(span.end, label.end) - Math.max(span.start, label.start);
  if (label.tag === null) return common > 0;
  return span.tag === label.tag && common >= 0.8 * (label.end - label.start);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
