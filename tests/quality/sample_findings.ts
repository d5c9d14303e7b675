/**
 * `deno task quality:sample FOLDER --out FILE [--count 300] [--seed 1] [--tags KEY,PASSWORD,HASH] [--labels CSV]
 * [--scanner NAME --program PATH]`: draws a sample of what the extended profile finds in the files of a folder, for a
 * person to label, and tells the precision by the labels that there are.
 *
 * FILE shows each value with the lines around it, so it must lie outside this repository; the labels hold fingerprints
 * alone. With `--scanner` the findings are those of another program on the same files.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { join, relative, resolve } from "node:path";
import { resolveCorpus } from "../../lib/datasets/resolve_corpus.ts";
import { type CorpusCounts, streamDocuments } from "../../lib/datasets/corpus.ts";
import { detectSecrets } from "../../lib/secrets/detect.ts";
import { filterSecrets } from "../../lib/secrets/filter.ts";
import { OTHER_SCANNERS, type OtherScanner, scanFolder } from "../parity/other_scanners.ts";
import {
  distinctFindings,
  drawSample,
  type Finding,
  type Label,
  readLabels,
  wilsonShare,
} from "./draw_sample.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LABELS_FILE = fileURLToPath(new URL("../../data/detection_labels.csv", import.meta.url));
const AROUND = 2;
const WIDEST = 220;

const { values, positionals: [folder] } = parseArgs({
  options: {
    out: { type: "string" },
    count: { type: "string", default: "300" },
    seed: { type: "string", default: "1" },
    tags: { type: "string", default: "KEY,PASSWORD,HASH" },
    labels: { type: "string", default: LABELS_FILE },
    scanner: { type: "string" },
    program: { type: "string" },
  },
  allowPositionals: true,
});
if (folder === undefined || values.out === undefined) {
  throw new RangeError("Missing argument: FOLDER --out FILE");
}
if (!relative(ROOT, resolve(values.out)).startsWith("..")) {
  throw new RangeError(`Cannot write values to "${values.out}": name a file outside this repository`);
}
const start = performance.now();
const findings = values.scanner === undefined ? await findOwn(folder) : await findOthers(values.scanner);
const seconds = (performance.now() - start) / 1000;
const distinct = distinctFindings(findings);
const sample = drawSample(findings, { count: Number(values.count), seed: Number(values.seed) });
const labels = readLabels(await Deno.readTextFile(values.labels).catch(() => ""));
await Deno.writeTextFile(values.out, (await Promise.all(sample.map(showFinding))).join("\n"));
console.log(
  `${findings.length} findings, ${distinct.size} distinct values, ${seconds.toFixed(0)} s; ` +
    `${sample.length} drawn by seed ${values.seed}`,
);
tellPrecision("all", sample);
const byRule = [...Map.groupBy(sample, ([, { rule }]) => rule)].sort((a, b) => b[1].length - a[1].length);
for (const [rule, drawn] of byRule) tellPrecision(rule, drawn);

async function findOwn(folder: string): Promise<Finding[]> {
  const tags = values.tags!.split(",");
  const found: Finding[] = [];
  const counts: CorpusCounts = { skipped: [], replacedSurrogates: 0, read: 0 };
  let characters = 0;
  const source = await resolveCorpus(folder, { format: "files" });
  for await (const { docId: path, text } of streamDocuments(source, { format: "files" }, counts)) {
    characters += text.length;
    for (
      const span of filterSecrets(text, detectSecrets(text, { profile: "extended" }), { profile: "extended" })
    ) {
      if (!tags.includes(span.tag)) continue;
      const line = text.slice(0, span.start).split("\n").length;
      found.push({ rule: span.detector, path, line, value: text.slice(span.start, span.end) });
    }
  }
  console.log(`${(characters / 1e6).toFixed(0)} million characters, ${counts.skipped.length} files skipped`);
  return found;
}

async function findOthers(name: string): Promise<Finding[]> {
  const scanner = OTHER_SCANNERS.find((one) => one === name);
  if (scanner === undefined || values.program === undefined) {
    throw new RangeError(
      `Cannot run "${name}": expected --scanner ${OTHER_SCANNERS.join("|")} --program PATH`,
    );
  }
  const scanned = await scanFolder(scanner as OtherScanner, {
    program: values.program,
    folder: resolve(folder!),
  });
  return scanned.findings;
}

/** A finding for a person: its place, and the lines around with the value marked. */
async function showFinding([fingerprint, { rule, path, line, value }]: [string, Finding], i: number) {
  const lines = (await Deno.readTextFile(join(folder!, path))).split("\n");
  const shown = lines.slice(Math.max(0, line - 1 - AROUND), line + AROUND).join("\n");
  const first = value.split("\n")[0]!;
  const marked = shown.replaceAll(first, `«${first}»`).split("\n").map((one) => cut(one)).join("\n");
  const label = labels.get(fingerprint) ?? "?";
  return `## ${i + 1} ${fingerprint} ${label} ${rule} ${path}:${line}\n${marked}\n`;
}

/** The part of a long line around the mark. */
function cut(line: string): string {
  if (line.length <= WIDEST) return line;
  const from = Math.max(0, line.indexOf("«") - WIDEST / 2);
  return line.slice(from, from + WIDEST);
}

function tellPrecision(name: string, drawn: readonly [string, Finding][]): void {
  const count = (label: Label) => drawn.filter(([fingerprint]) => labels.get(fingerprint) === label).length;
  const [secrets, placeholders, none] = [count("secret"), count("placeholder"), count("none")];
  const labelled = secrets + placeholders + none;
  const { share, low, high } = wilsonShare(secrets, labelled);
  const precision = labelled === 0
    ? "no labels"
    : `precision ${share.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
  console.log(
    `${
      name.padEnd(20)
    } ${drawn.length} drawn: ${secrets} secret, ${placeholders} placeholder, ${none} none, ` +
      `${drawn.length - labelled} not labelled; ${precision}`,
  );
}
