import { assert, assertEquals, assertMatch } from "@std/assert";
import { existsSync } from "node:fs";
import { readRows } from "../../lib/datasets/row_table.ts";
import { PROBE_COLUMNS } from "../../lib/datasets/columns.ts";
import type { Certificate } from "../../lib/report/certificate.ts";
import { fingerprintSecret } from "../../lib/secrets/fingerprint.ts";
import { callMain } from "./call_main.ts";
import { contents } from "./contents.ts";
import { cliCommand, temporaryFolder } from "./run_cli.ts";
import { ADDRESS, type Flags, KEY, VALUE, writeScrub } from "./scrub_case.ts";

const fingerprintOf = (value: string) => fingerprintSecret(value, new TextEncoder().encode(KEY));

/** Runs a command line with a text on standard input. */
async function runPiped(args: readonly string[], text: string, cwd: string) {
  const child = cliCommand(args, { cwd, env: { CODESCRUB_KEY: KEY }, isPiped: true }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const [out, { code }] = await Promise.all([
    Promise.all([child.stdout, child.stderr].map((stream) => new Response(stream).text())),
    child.status,
  ]);
  return { code, stdout: out[0]!, stderr: out[1]! };
}

Deno.test("scrub --request - certifies what was asked and not treated, by fingerprints and counts", async () => {
  using folder = temporaryFolder();
  const at = await writeScrub(folder.path);
  const request = `${VALUE}\n${ADDRESS}\nno such value\n`;
  const { code, stdout, stderr } = await runPiped(
    at.arguments({ request: "-", k: "2" }),
    request,
    folder.path,
  );
  assertEquals(code, 1, stderr);
  assertMatch(stderr, /Cannot call the request done: --k left 1 windows with known secrets and 0 values/);
  const summary = JSON.parse(stdout);
  assertEquals([summary.request.digest, summary.request.unmatched_lines], [fingerprintOf(request), [3]]);
  const path = at.path("run/codeeraser/certificate.json");
  const certificate: Certificate = JSON.parse(Deno.readTextFileSync(path));
  assertEquals(certificate.tables.request, fingerprintOf(request));
  const { entries, unmatched, untreated } = certificate.request;
  assertEquals([entries, unmatched, certificate.secrets.length], [3, 1, 2]);
  assertEquals(
    untreated!.map(({ fingerprint, reason }) => [fingerprint, reason]).sort(),
    [
      [fingerprintOf(VALUE), "left by --k"],
      [fingerprintOf(ADDRESS), "not known"],
      [fingerprintOf(ADDRESS), "not known"],
    ].sort(),
  );
  const after = await readRows(at.path("run/requested.parquet"), PROBE_COLUMNS);
  assertEquals(after.length, 5, "all that was requested is measured after unlearning");
  for (const { ma } of untreated!) assert(ma.before !== null && ma.after !== null && ma.threshold !== null);
  const above =
    untreated!.filter(({ ma, el_10 }) =>
      ma.after! > ma.threshold! || (el_10.after ?? 0) > (el_10.threshold ?? Infinity)
    ).length;
  assertEquals(summary.erased.untreated, { places: 3, above });
  const said = certificate.not_reached.join("\n");
  assertMatch(
    said,
    /^1 of 3 entries of the request match nothing in the corpus: nothing was done about them$/m,
  );
  assertMatch(said, /^1 requested place of 1 value was known to the model, and left out .* by --k$/m);
  assertMatch(said, /^2 requested places of 1 value were not known to the model before, and not treated$/m);
  const card = Deno.readTextFileSync(at.path("run/codeeraser/README.md"));
  assertMatch(card, /^\| share of secrets that some attack gives \| 1\.000 \[.*\] \| 0\.000 \[/m);
  assertMatch(card, /^\| median exposure, bits \| \d/m);
  for await (const [name, text] of contents(at.path("run"))) {
    for (const value of [VALUE, ADDRESS, "no such value"]) {
      assert(!text.includes(value), `${name} holds a value`);
    }
  }
  assert(!(stdout + stderr).includes(VALUE) && !(stdout + stderr).includes(ADDRESS));
  await refuseOtherTables(at, path);
});

/** Tables of another model or of other places certify nothing. */
async function refuseOtherTables(at: Awaited<ReturnType<typeof writeScrub>>, certificate: string) {
  const given: Flags = {
    ...{ model: at.path("run/codeeraser"), before: at.path("model"), attacks: at.path("run/attacks") },
    forget: at.path("run/sets/forget_0.parquet"),
    requested: at.path("run/secrets.parquet"),
    probe: at.path("run/probe.parquet"),
    "probe-after": at.path("run/requested.parquet"),
    out: at.path("again.json"),
  };
  const certify = async (changes: Flags) => {
    const flags = Object.entries({ ...given, ...changes }).filter(([, value]) => value !== undefined);
    return await callMain(["certify", ...flags.flatMap(([name, value]) => [`--${name}`, String(value)])]);
  };
  const fail = async (changes: Flags, message: RegExp, code = 1) => {
    const found = await certify(changes);
    assertEquals(found.code, code, found.stderr);
    assertMatch(found.stderr, message);
    assert(!existsSync(at.path("again.json")));
  };
  await fail({ probe: undefined }, /takes all of --requested, --probe and --probe-after/, 2);
  await fail({ "probe-after": given.probe }, /its probe read another model than ".*codeeraser"/);
  await fail({ probe: given["probe-after"] }, /its probe read another model than ".*model"/);
  await fail({ requested: given.probe }, /no finished run of scrub or detect wrote it/);
  const again = await certify({});
  assertEquals(again.code, 0, again.stderr);
  assertEquals(Deno.readTextFileSync(at.path("again.json")), Deno.readTextFileSync(certificate));
}
