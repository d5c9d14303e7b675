import { assert, assertEquals, assertMatch } from "@std/assert";
import type { CheckedClaim } from "../../lib/report/check_claims.ts";
import { forged } from "../report/certificates.ts";
import { callMain } from "./call_main.ts";
import { temporaryFolder } from "./run_cli.ts";
import { ADDRESS, type Flags, VALUE, writeScrub } from "./scrub_case.ts";

/** A scrubbed model whose certificate has all attacks that can be run again, and one that cannot. */
async function scrubbed(folder: string) {
  const at = await writeScrub(folder);
  await at.request(`${VALUE}\n${ADDRESS}\n`);
  const { code, stderr } = await at.run({ attacks: "exposure,membership,extract,prefix,quantize" });
  assertEquals(code, 0, stderr);
  const certificate = at.path("run/codeeraser/certificate.json");
  const verify = async (changes: Flags) => {
    const flags: Flags = {
      ...{ model: at.path("run/codeeraser"), corpus: at.path("corpus.jsonl") },
      ...{ forget: at.path("run/sets/forget_0.parquet"), json: true, ...changes },
    };
    const { certificate: path = certificate, ...others } = flags;
    const words = Object.entries(others).flatMap(([name, value]) =>
      value === undefined ? [] : value === true ? [`--${name}`] : [`--${name}`, value]
    );
    return await callMain(["verify", String(path), ...words]);
  };
  return { ...at, certificate, verify };
}

Deno.test("verify --attacks all runs again what made-up secrets of the same seed tell, and a changed model fails", async () => {
  using folder = temporaryFolder();
  const at = await scrubbed(folder.path);
  const quick = await at.verify({});
  assertEquals(quick.code, 0, quick.stderr);
  assertEquals(JSON.parse(quick.stdout).not_measured_again, [
    "prefix, quantize: --attacks all runs them again",
    "membership: attack runs it",
    "the areas of membership",
    "the scores before, and the thresholds that unlearn took from made-up secrets under the model before",
    "2 requested places outside the forget set",
  ]);
  assertMatch(quick.stderr, /^not measured again: prefix, quantize: --attacks all runs them again$/m);
  const whole = await at.verify({ attacks: "all" });
  assertEquals(whole.code, 0, whole.stderr);
  const found = JSON.parse(whole.stdout);
  assertEquals([found.holds, found.not_measured_again[0]], [true, "membership: attack runs it"]);
  for (const { claim, failed, difference } of found.claims as CheckedClaim[]) {
    assertEquals(failed, [], claim);
    assert((difference ?? 0) < 1e-5, "on one machine");
  }
  // the model before, passed off as the one that was certified: it still knows the value
  const path = at.path("forged.json");
  await Deno.writeTextFile(
    path,
    forged(Deno.readTextFileSync(at.certificate), (one) => one.model.after = one.model.before),
  );
  const other = await at.verify({ attacks: "all", certificate: path, model: at.path("model") });
  assertEquals([other.code, JSON.parse(other.stdout).holds], [1, false]);
  assertMatch(other.stderr, /does not hold: 3 of its 3 secrets do not score as it says$/m);
  const failed = (JSON.parse(other.stdout).claims as CheckedClaim[])
    .filter((claim) => claim.failed.length > 0).map(({ claim }) => claim);
  const each = [
    ...[
      "MA",
      "EL_10",
      "loss",
      "extract: greedy",
      "exposure: rank",
      "exposure: rank, p-value",
      "exposure: ma",
    ],
    ...["exposure: ma, threshold", "exposure: loss", "exposure: loss, threshold", "exposure: loss, p-value"],
    ...["prefix: context 16", "quantize: int4", "quantize: int8"],
  ];
  assertEquals(each.filter((claim) => !failed.includes(claim)), [], failed.join("; "));
  const unknown = await at.verify({ attacks: "relearn" });
  assertEquals(unknown.code, 2);
  assertMatch(
    unknown.stderr,
    /Cannot run "relearn" again: expected "extract", "exposure", "prefix", "quantize", "all"$/m,
  );
});

Deno.test("verify fails where a certificate lies of a p-value, a threshold or a rounded model", async () => {
  using folder = temporaryFolder();
  const at = await scrubbed(folder.path);
  const text = Deno.readTextFileSync(at.certificate);
  const path = at.path("forged.json");
  const lies: [attack: string, variant: string, field: string, by: number, claim: string][] = [
    ["exposure", "rank", "p_value", 1 / 2.1, "exposure: rank, p-value"],
    ["exposure", "ma", "threshold", 0.07, "exposure: ma, threshold"],
    ["exposure", "loss", "threshold", 0.02, "exposure: loss, threshold"],
    ["exposure", "rank", "controls_score", 1.1, "exposure: rank, controls"],
    ["quantize", "int8", "score", 0.07, "quantize: int8"],
    ["prefix", "line", "score", 0.1, "prefix: line"],
  ];
  await Deno.writeTextFile(
    path,
    forged(text, ({ secrets: [secret] }) => {
      for (const [attack, variant, field, by] of lies) {
        const row = secret.attacks.find((row: { attack: string; variant: string }) =>
          row.attack === attack && row.variant === variant
        );
        row[field] = field === "p_value" ? row[field] * by : row[field] + by;
      }
    }),
  );
  const { code, stdout, stderr } = await at.verify({ attacks: "all", certificate: path });
  assertEquals([code, JSON.parse(stdout).holds], [1, false], stderr);
  const failed = (JSON.parse(stdout).claims as CheckedClaim[]).filter((claim) => claim.failed.length > 0);
  assertEquals(failed.map((claim) => claim.claim).sort(), lies.map(([, , , , claim]) => claim).sort());
  for (const claim of failed) assertEquals(claim.failed, [0]);
});
