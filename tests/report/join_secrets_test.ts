import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { joinSecrets } from "../../lib/report/join_secrets.ts";
import { renderAllSecrets } from "../../lib/report/secrets_tables.ts";
import { NO_EL } from "../no_scores.ts";

const PLACE = { doc_id: "a.py", tag: "KEY", start: 3, end: 16 };

Deno.test("joinSecrets() describes every place of a value that the evaluation described at one", () => {
  const found = ["a.py", "b.py"].map((doc_id) => ({ ...PLACE, doc_id, detector: "AWS", fingerprint: "f" }));
  const probe = found.map(({ doc_id }) => ({
    ...PLACE,
    doc_id,
    window: 0,
    secret_tokens: 9,
    mask_tokens: 9,
    ma: 1,
  }));
  const scores = [{
    ...PLACE,
    description: "KEY, 13 characters, ma...",
    model: "ga",
    ma: 0,
    ...NO_EL,
    el_3: 0,
    el_5: 0,
    el_10: 0,
  }];
  const texts = joinSecrets({ found, probe, scores }).map(({ description }) => description);
  assertEquals(texts, ["KEY, 13 characters, ma...", "KEY, 13 characters, ma..."]);
});

Deno.test("joinSecrets() lists what was found where no model was asked, each place once", () => {
  const place = { ...PLACE, fingerprint: "f" };
  const found = [
    { ...place, detector: "AWSKeyDetector" },
    { ...place, detector: "Base64HighEntropyString" },
    { ...place, doc_id: "b.py", detector: "AWSKeyDetector" },
  ];
  const secrets = joinSecrets({ found });
  assertEquals(
    secrets.map(({ doc_id, copies, ma_before, ma_after }) => [doc_id, copies, ma_before, ma_after]),
    [
      ["a.py", 2, null, {}],
      ["b.py", 2, null, {}],
    ],
  );
  const { text } = renderAllSecrets({ title: "Run", version: "v", secrets })!;
  assertStringIncludes(text, "All 2 places of secrets, by copies: none was measured on a model yet.");
  assert(!text.includes("MA before"));
  assertEquals(joinSecrets({ found, probe: [] }), []);
});
