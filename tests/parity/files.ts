/**
 * `deno task parity:files FOLDER [--count N] [--extension py] [--processes N]`: files of a folder, evenly taken, in which the Python tools that
 * CodeEraser calls and ours must find the same. The exit code is 1 where a file differs.
 *
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readText } from "../../lib/datasets/read_text.ts";
import { detectSecrets } from "../../lib/secrets/detect.ts";
import { type Found, isUtf8 } from "../bench/detect.ts";
import { findPeerPython, Peer, SECRETS_PACKAGES } from "../bench/peer.ts";
import { distinctSpans, toOracleSpans } from "./oracle_spans.ts";

const BATCH = 20;

const { values, positionals: [folder] } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: "string", default: "2000" },
    extension: { type: "string", default: "py" },
    processes: { type: "string", default: String(navigator.hardwareConcurrency) },
  },
});
if (folder === undefined) throw new RangeError("Missing argument: a folder of files");
const python = await findPeerPython((line) => console.error(line), SECRETS_PACKAGES);
const all = findFiles(folder, `.${values.extension}`);
const step = Math.max(1, all.length / Number(values.count));
const files = Array.from(
  { length: Math.min(all.length, Number(values.count)) },
  (_, i) => all[Math.floor(i * step)]!,
)
  .filter(isUtf8);
const totals = { alike: 0, different: 0, failed: 0, spans: 0, withSecrets: 0 };
let next = 0;
await Promise.all(Array.from({ length: Number(values.processes) }, async () => {
  await using peer = await Peer.start(python, "secrets_peer.py", []);
  while (next < files.length) await compare(peer, files.slice(next, next += BATCH));
}));
const { alike, different, failed, spans, withSecrets } = totals;
console.log(
  `${alike} files alike, ${withSecrets} of them with ${spans} secrets; ${different} differ; ` +
    `${failed} on which the tools fail`,
);
Deno.exit(different > 0 ? 1 : 0);

/** Files below a folder, by path; links are not followed. */
function findFiles(folder: string, extension: string): string[] {
  return [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory) return findFiles(path, extension);
    return entry.isFile && entry.name.endsWith(extension) ? [path] : [];
  });
}

/** Both sides on some files; one at a time where the tools fail on one of them. */
async function compare(peer: Peer, paths: readonly string[]): Promise<void> {
  let theirs: Found["spans"];
  try {
    theirs = (await peer.ask<Found>("find", { paths })).spans;
  } catch {
    if (paths.length === 1) return void totals.failed++;
    for (const path of paths) await compare(peer, [path]);
    return;
  }
  paths.forEach((path, i) => {
    const found = detectSecrets((readText(path) as { text: string }).text);
    const [ours, wanted] = [toOracleSpans(found), theirs[i]!].map(distinctSpans) as [string[], string[]];
    if (ours.join() !== wanted.join()) {
      totals.different++;
      console.error(`${path} differs:`, { ours: ours.length, theirs: wanted.length });
      return;
    }
    totals.alike++;
    totals.spans += wanted.length;
    if (wanted.length > 0) totals.withSecrets++;
  });
}
