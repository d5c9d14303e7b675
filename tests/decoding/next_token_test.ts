import { assert, assertEquals } from "@std/assert";
import { drawToken } from "../../lib/decoding/next_token.ts";

const LOGITS = [3, 2.5, 1, 0, -1, -4];

function candidates(count: number, temperature: number) {
  const sum = LOGITS.reduce((sum, logit) => sum + Math.exp((logit - LOGITS[0]!) / temperature), 0);
  const ids = [10, 11, 12, 13, 14, 15].slice(0, count);
  return { ids, logits: LOGITS.slice(0, count), sum, areAll: count === LOGITS.length };
}

Deno.test("drawToken() draws each token as often as it is likely in the nucleus", () => {
  for (const [temperature, topP] of [[1, 1], [0.2, 0.95], [2, 0.7]] as const) {
    const weights = LOGITS.map((logit) => Math.exp(logit / temperature));
    const total = weights.reduce((a, b) => a + b);
    let before = 0;
    const kept = weights.map((weight) => {
      const isKept = before / total < topP;
      before += weight;
      return isKept ? weight : 0;
    });
    const mass = kept.reduce((a, b) => a + b);
    const draws = 10_000;
    const counts = new Map<number, number>();
    for (let i = 0; i < draws; i++) {
      const token = drawToken(candidates(6, temperature), { temperature, topP }, (i + 0.5) / draws)!;
      counts.set(token, (counts.get(token) ?? 0) + 1);
    }
    kept.forEach((weight, i) => {
      const found = (counts.get(10 + i) ?? 0) / draws;
      assert(
        Math.abs(found - weight / mass) < 2 / draws,
        `T ${temperature}, p ${topP}, token ${i}: ${found}`,
      );
    });
  }
});

Deno.test("drawToken() says so when the nucleus reaches past the candidates", () => {
  assertEquals(drawToken(candidates(2, 1), { temperature: 1, topP: 0.99 }, 0), null);
  // the first two are the nucleus, and the third shows that none is as likely as the second
  assertEquals(drawToken(candidates(2, 1), { temperature: 1, topP: 0.8 }, 0), null);
  assertEquals(drawToken(candidates(3, 1), { temperature: 1, topP: 0.8 }, 0), 10);
});

Deno.test("drawToken() takes the likeliest when p is tiny, whatever was drawn", () => {
  for (const uniform of [0, 0.5, 1 - 2 ** -32]) {
    assertEquals(drawToken(candidates(6, 1), { temperature: 1, topP: 1e-9 }, uniform), 10);
  }
});

Deno.test("drawToken() gives a token for the largest number below 1 when p is 1", () => {
  assertEquals(drawToken(candidates(6, 1), { temperature: 1, topP: 1 }, 1 - 2 ** -53), 15);
});
