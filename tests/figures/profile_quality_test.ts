import { assertEquals, assertStringIncludes } from "@std/assert";
import { profileQuality } from "../../lib/figures/profile_quality.ts";

const row = (profile: string, kind: string, found: number, is_secret = true) => ({
  profile,
  kind,
  is_secret,
  values: 8,
  found,
});
const ROWS = [
  row("reference", "<b>", 2),
  row("extended", "<b>", 8),
  row("reference", "npm", 4),
  row("extended", "npm", 6),
  row("extended", "UUID", 1, false),
];

Deno.test("profileQuality() gives each profile's shares, kinds in one order", () => {
  const { data, layout } = profileQuality(ROWS, { secrets: true });
  assertEquals(data.map(({ name, x, y }) => [name, x, y]), [
    ["reference", [25, 50], ["&lt;b&gt;", "npm"]],
    ["extended", [100, 75], ["&lt;b&gt;", "npm"]],
  ]);
  assertEquals(layout.title.subtitle?.text, "reference 37.5 %, extended 87.5 %");
  assertEquals(profileQuality(ROWS, { secrets: false }).data.map(({ name, x }) => [name, x]), [["extended", [
    12.5,
  ]]]);
});

Deno.test("profileQuality() says that there is nothing to show without rows", () => {
  assertStringIncludes(
    JSON.stringify(profileQuality([], { secrets: true }).layout.annotations),
    "no rows to show",
  );
});
