import { assertEquals } from "@std/assert";
import type { CertifiedAttack } from "../../lib/report/certificate.ts";
import { checkClaims, CLAIM_TOLERANCES } from "../../lib/report/check_claims.ts";
import { certifiedSecret } from "./certificates.ts";

Deno.test("checkClaims() holds what differs by what another machine makes of it, and nothing else", () => {
  const secrets = [certifiedSecret(1), certifiedSecret(2)];
  const same = {
    tokens: 32,
    ...{ ma: 0.1, el_10: 0, loss: 5 },
    attacks: [
      { attack: "extract", variant: "greedy", score: 0, extracted: false },
      { attack: "extract", variant: "drawn, 1", score: 0.001, extracted: false },
      { attack: "extract", variant: "beam", score: null, extracted: false },
    ],
  };
  const failed = (change: Partial<typeof same>) =>
    checkClaims(secrets, [same, { ...same, ...change }])
      .filter((claim) => claim.failed.length > 0).map(({ claim, failed }) => [claim, failed]);
  assertEquals(failed({}), []);
  assertEquals(failed({ ma: 0.1 + 1 / 32, el_10: CLAIM_TOLERANCES.el_10, loss: 5.01 }), []);
  assertEquals(failed({ ma: 0.1 + 1.1 / 32 }), [["MA", [1]]]);
  assertEquals(failed({ ma: 0.1 - 1.1 / 32 }), [["MA", [1]]]);
  assertEquals(failed({ ma: null } as never), [["MA", [1]]]);
  assertEquals(failed({ el_10: 0.11 }), [["EL_10", [1]]]);
  assertEquals(failed({ loss: 5.011 }), [["loss", [1]]]);
  const attacks = (i: number, change: object) => ({
    attacks: same.attacks.map((attack, k) => k === i ? { ...attack, ...change } : attack),
  });
  assertEquals(failed(attacks(0, { extracted: true })), [["extract: greedy", [1]]]);
  assertEquals(failed(attacks(0, { score: 0.5 })), [], "one token may change it");
  assertEquals(failed(attacks(1, { score: 0.001 + 0.117 })), []);
  assertEquals(failed(attacks(1, { score: 0.001 + 0.119 })), [["extract: drawn, 1", [1]]]);
  const lost = checkClaims(secrets, [same, null]);
  assertEquals(lost.map(({ claim, secrets, failed }) => [claim, secrets, failed]), [
    ["MA", 2, [1]],
    ["EL_10", 2, [1]],
    ["loss", 2, [1]],
    ["extract: greedy", 1, []],
    ["extract: drawn, 1", 1, []],
  ]);
  assertEquals(checkClaims(secrets, [{ ...same, loss: 5.005 }, same])[2]!.difference, 5.005 - 5);
});

Deno.test("checkClaims() compares ranks by bits, p-values by a factor, thresholds and controls as scores", () => {
  const exposed = (variant: string, score: number, threshold: number | null) => ({
    ...{ attack: "exposure", variant, score, extracted: null, threshold, p_value: 0.25 },
    ...{ controls: 100, controls_score: 1.4, controls_extracted: null },
  });
  const rounded = { ...exposed("int8", 0.5, null), attack: "quantize", extracted: false, p_value: null };
  const asked = { ...rounded, attack: "prefix", variant: "line", score: 0.2 };
  const rows = [exposed("rank", 2, null), exposed("ma", 0.25, 0.5), exposed("loss", 5, 4), rounded, asked];
  const secret = { ...certifiedSecret(1), attacks: rows };
  const failed = (number: number, change: Partial<CertifiedAttack>) => {
    const attacks = rows.map((row, i) => i === number ? { ...row, ...change } : row);
    const again = { tokens: 32, ma: 0.1, el_10: 0, loss: 5, attacks };
    return checkClaims([secret], [again]).filter((claim) => claim.failed.length > 0).map(({ claim }) =>
      claim
    );
  };
  const cases: [number: number, change: Partial<CertifiedAttack>, failed: string[]][] = [
    [0, { score: 3, p_value: 0.125 }, []],
    [0, { score: 3.1 }, ["exposure: rank"]],
    [0, { p_value: 0.12 }, ["exposure: rank, p-value"]],
    [0, { p_value: 0.51 }, ["exposure: rank, p-value"]],
    [0, { p_value: null }, ["exposure: rank, p-value"]],
    [0, { controls_score: 2.5 }, ["exposure: rank, controls"]],
    [1, { score: 0.25 + 1 / 32, p_value: 0.9 }, []], // a token moves it past many
    [1, { score: 0.25 + 1.1 / 32 }, ["exposure: ma"]],
    [1, { p_value: 0.9 }, ["exposure: ma, p-value"]],
    [1, { threshold: 0.5 + 1.1 / 32 }, ["exposure: ma, threshold"]],
    [2, { score: 5.02, threshold: 3.98 }, ["exposure: loss", "exposure: loss, threshold"]],
    [3, { score: 0.5 - 1 / 32, controls_score: 1.4 + 1 / 32 }, []],
    [3, { score: 0.5 - 1.1 / 32 }, ["quantize: int8"]],
    [3, { extracted: true }, ["quantize: int8"]],
    [3, { controls_score: 1.5 }, ["quantize: int8, controls"]],
    [3, { controls_score: 9, controls: 0 }, []], // they were not attacked again
    [4, { score: 0.2 + 0.117 }, []],
    [4, { score: 0.2 + 0.119 }, ["prefix: line"]],
    [4, { extracted: true }, ["prefix: line"]],
  ];
  for (const [number, change, claims] of cases) {
    assertEquals(failed(number, change), claims, JSON.stringify([number, change]));
  }
});
