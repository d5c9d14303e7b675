import { assertEquals } from "@std/assert";
import { secretsBeforeAfter } from "../../lib/figures/secrets_before_after.ts";

function secret(tag: string, before: number | null, after: number | null) {
  return {
    doc_id: "src/a.py",
    tag,
    detector: "d",
    description: `${tag}, 20 characters, ab...`,
    copies: 8,
    ma_before: before,
    ma_after: { codeeraser: after },
  };
}

Deno.test("secretsBeforeAfter() groups by tag and rises by MA after when secrets are mixed", () => {
  const rows = [secret("KEY", 1, 0.5), secret("EMAIL", 0.9, 0.2), secret("KEY", 0.95, 0.1)];
  const { data, layout } = secretsBeforeAfter(rows, "codeeraser", { threshold: 0.46 });
  assertEquals(data.map((trace) => [trace.name, trace.x, trace.y]), [
    ["before", [1, 2, 3], [0.9, 0.95, 1]],
    [undefined, [1, 1, null], [0.9, 0.2, null]],
    ["e-mail, after", [1], [0.2]],
    [undefined, [2, 2, null, 3, 3, null], [0.95, 0.1, null, 1, 0.5, null]],
    ["key, after", [2, 3], [0.1, 0.5]],
    ["threshold 46.0%", [0, 4], [0.46, 0.46]],
  ]);
  assertEquals(
    layout.title.subtitle?.text,
    "above the threshold: 3 of 3 secrets before, 1 after",
  );
});

Deno.test("secretsBeforeAfter() draws what twins of a kind score across that kind's secrets", () => {
  const rows = [
    secret("KEY", 1, 0.5),
    secret("EMAIL", 0.9, 0.2),
    secret("KEY", 0.95, 0.1),
    secret("IP", 1, 0),
  ];
  const baselines = new Map([["KEY", 0.17], ["EMAIL", 0.2], ["OTHER", 0.9]]);
  const { data } = secretsBeforeAfter(rows, "codeeraser", { baselines });
  const { name, x, y } = data.at(-1)!;
  assertEquals([name, x, y], [
    "never-trained twins of the kind",
    [0.6, 1.4, null, 2.6, 4.4, null],
    [0.2, 0.2, null, 0.17, 0.17, null],
  ]);
});

Deno.test("secretsBeforeAfter() leaves secrets out when a score is missing or the method never ran", () => {
  const rows = [secret("KEY", null, 0.5), secret("KEY", 1, null)];
  assertEquals(secretsBeforeAfter(rows, "codeeraser").data, []);
  assertEquals(secretsBeforeAfter([secret("KEY", 1, 0)], "toString").data, []);
});

Deno.test("secretsBeforeAfter() draws evenly chosen secrets and says so when there are too many", () => {
  const rows = Array.from({ length: 1000 }, (_, index) => secret("KEY", 1, index / 1000));
  const { data, layout } = secretsBeforeAfter(rows, "codeeraser", { maxSecrets: 10 });
  assertEquals(data.at(-1)?.y, [0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95]);
  assertEquals(layout.title.subtitle?.text, "1,000 secrets; 10 of them drawn");
});

Deno.test("secretsBeforeAfter() tells the masked secret when hovered, as text", () => {
  const row = { ...secret("KEY", 1, 0.25), doc_id: "<i>a</i>.py" };
  assertEquals(secretsBeforeAfter([row], "codeeraser").data.at(-1)?.customdata, [
    "<b>KEY, 20 characters, ab...</b><br>&lt;i&gt;a&lt;/i&gt;.py<br>8 copies<br>MA 100.0% before, 25.0% after",
  ]);
});
