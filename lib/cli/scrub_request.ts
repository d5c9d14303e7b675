/**
 * The first stage of `scrub` where a request is given: the places of what it asks for, as a table like `detect`'s. The
 * request's values are in memory only; which request it was, the run's record tells by a keyed digest.
 *
 * @module
 */
import { DETECT_COLUMNS } from "../datasets/columns.ts";
import { type CorpusCounts, emptyCorpus, streamDocuments } from "../datasets/corpus.ts";
import { countDocuments } from "../datasets/corpus_pieces.ts";
import { parseRequest, type RequestEntry, RequestMatcher } from "../datasets/deletion_request.ts";
import { resolveCorpus } from "../datasets/resolve_corpus.ts";
import { readRows, writeRows } from "../datasets/row_table.ts";
import { readRegularText } from "../files/read_file.ts";
import { fingerprintSecret } from "../secrets/fingerprint.ts";
import { defineCommand, type Json } from "./command.ts";
import { CORPUS_OPTIONS, givenCorpus } from "./corpus_options.ts";
import { corpusStage } from "./corpus_stage.ts";
import { openRunFiles } from "./run_files.ts";

const MAX_BYTES = 2 ** 26;
/** Lines that a message names. */
const NAMED_LINES = 10;

/** A request that was read. */
export interface GivenRequest {
  entries: RequestEntry[];
  /** Tells requests apart without telling anything of them. */
  digest: string;
  /** HMAC-SHA-256 of its text, for the certificate. */
  textDigest: string;
}

/**
 * HMAC-SHA-256 of a request's text by the key of fingerprints, the same from a file and from standard input: by a bare
 * digest, its values could be guessed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { requestDigest } from "./scrub_request.ts";
 *
 * const [one, other] = [1, 2].map((byte) => requestDigest("hunter2\n", new Uint8Array(32).fill(byte)));
 * assertEquals([one!.length, one === other], [64, false]);
 * ```
 */
export function requestDigest(text: string, key: Uint8Array): string {
  return fingerprintSecret(text, key);
}

/**
 * The text of a request in a file.
 *
 * @throws {Error} when it cannot be read, or is too long
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { requestText } from "./scrub_request.ts";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "hunter2\n");
 * assertEquals(await requestText(path), "hunter2\n");
 * ```
 */
export async function requestText(path: string): Promise<string> {
  return await readRegularText(path, { what: "the request", maxBytes: MAX_BYTES });
}

/**
 * Reads a request.
 *
 * @param path of a file, or "-" for standard input
 * @throws {SyntaxError} as `parseRequest`; {RangeError} when it has no entries; {Error} when it cannot be read
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readRequest } from "./scrub_request.ts";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "hunter2\n");
 * const { entries, digest } = await readRequest(path, new Uint8Array(32));
 * assertEquals([entries.length, digest.length], [1, 16]);
 * ```
 */
export async function readRequest(path: string, key: Uint8Array): Promise<GivenRequest> {
  const text = path === "-" ? await new Response(Deno.stdin.readable).text() : await requestText(path);
  const entries = parseRequest(text);
  if (entries.length === 0) throw new RangeError("Cannot scrub by the request: it has no entries");
  const all = entries.map(({ kind, text }) => JSON.stringify([kind, text])).join("\n");
  return { entries, digest: fingerprintSecret(all, key).slice(0, 16), textDigest: requestDigest(text, key) };
}

/**
 * Whether a request asks for what only detection finds.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { wantsDetection } from "./scrub_request.ts";
 *
 * assertEquals(wantsDetection([{ line: 1, kind: "value", text: "hunter2" }]), false);
 * assertEquals(wantsDetection([{ line: 1, kind: "doc", text: "a.py" }]), true);
 * ```
 */
export function wantsDetection(entries: readonly RequestEntry[]): boolean {
  return entries.some(({ kind }) => kind !== "value");
}

/**
 * The stage that finds a request's places, as a command of `Stages`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { requestCommand } from "./scrub_request.ts";
 *
 * const command = requestCommand({ entries: [], textDigest: "" }, new Uint8Array(32));
 * assertEquals(command.options.found.kind, "path");
 * ```
 */
export function requestCommand(
  { entries, textDigest }: Pick<GivenRequest, "entries" | "textDigest">,
  key: Uint8Array,
) {
  return defineCommand({
    args: {},
    options: {
      corpus: { kind: "path", describe: "the corpus", required: true },
      ...CORPUS_OPTIONS,
      found: { kind: "path", describe: "table that detect wrote, where an entry asks for it" },
      out: { kind: "path", describe: "table of the places", required: true },
    },
    async run({ corpus: given, found, out, ...values }, context) {
      using corpus = await givenCorpus(given, values);
      using run = await openRunFiles([out], {
        command: "scrub",
        context,
        inputs: { corpus: corpus.input, found },
      });
      const places = found === undefined ? [] : await readRows(found, DETECT_COLUMNS);
      const matcher = new RequestMatcher(entries, { found: places, key });
      if (matcher.wantsDocuments) {
        const reading = { ...corpus.options, breathe: context.breathe };
        const source = await resolveCorpus(corpus.path, reading);
        const total = await countDocuments(source, reading);
        const stage = await corpusStage(context.progress, "Matching the request", { source, total });
        const counts: CorpusCounts = { skipped: [], replacedSurrogates: 0, read: 0 };
        let documents = 0;
        for await (const document of streamDocuments(source, reading, counts)) {
          matcher.add(document);
          stage.reach({ documents: ++documents + counts.skipped.length, read: counts.read });
          await context.breathe();
        }
        stage.done();
        if (documents === 0) throw emptyCorpus(source.path, counts.skipped);
      }
      const matched = matcher.finish();
      if (matched.places.length === 0) {
        throw new RangeError(
          `Cannot scrub by the request: none of its ${entries.length} entries matches a secret of the corpus`,
        );
      }
      const summary = {
        counts: matched.counts as unknown as Json,
        unmatched_lines: matched.unmatched,
        digest: textDigest,
      };
      await run.finish(summary, () => writeRows(out, matched.places, DETECT_COLUMNS));
      return { summary };
    },
  });
}

/**
 * What a request matched, in lines; entries that match nowhere by their numbers only.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeRequest } from "./scrub_request.ts";
 *
 * const counts = { value: { entries: 2, matched: 1, places: 3 }, doc: { entries: 0, matched: 0, places: 0 } };
 * assertEquals(describeRequest({ counts, unmatched_lines: [2] }), [
 *   "request: 1 of 2 value entries match, 3 places",
 *   "request: line 2 matches no secret of the corpus",
 * ]);
 * ```
 */
export function describeRequest(
  { counts, unmatched_lines: lines }: {
    counts: { [kind: string]: { entries: number; matched: number; places: number } };
    unmatched_lines: readonly number[];
  },
): string[] {
  const kinds = Object.entries(counts).filter(([, { entries }]) => entries > 0);
  const more = lines.length > NAMED_LINES ? ` and ${lines.length - NAMED_LINES} more` : "";
  const numbers = lines.slice(0, NAMED_LINES).join(", ") + more;
  return [
    ...kinds.map(([kind, { entries, matched, places }]) =>
      `request: ${matched} of ${entries} ${kind} entries match, ${places} places`
    ),
    ...lines.length === 0 ? [] : [
      `request: line${lines.length === 1 ? "" : "s"} ${numbers} ${
        lines.length === 1 ? "matches" : "match"
      } no secret of the corpus`,
    ],
  ];
}
