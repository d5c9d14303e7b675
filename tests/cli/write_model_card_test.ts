import { assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { writeModelCard } from "../../lib/cli/write_model_card.ts";
import { temporaryFolder } from "./run_cli.ts";

Deno.test("writeModelCard() names all settings that the weights depend on, and no path", async () => {
  using folder = temporaryFolder();
  const none = { ma: null, el_3: null, el_5: null, el_10: null, retain_ma: null };
  const settings = {
    ...{ lora: "r=16", dtype: "bfloat16", stop: "secret", lasting: false, epochs: 40, lr: 3e-6 },
    ...{
      optimizer: "adam8bit",
      risk: "harm",
      gamma: 0.5,
      compat: "sound",
      seed: 42,
      model: "/nowhere",
      out: "/out",
    },
  };
  await writeModelCard(folder.path, { model: "embedded", folder: "/nowhere", cwd: "/" }, {
    ...{ method: "codeeraser", settings, secrets: [], retained: 0, done: true },
    ...{ before: none, after: none, intervals: none, thresholds: { ma: 0, el_10: 0 } },
  });
  const card = await Deno.readTextFile(join(folder.path, "README.md"));
  assertStringIncludes(
    card,
    "(`lora` r=16, `dtype` bfloat16, `stop` secret, `epochs` 40, `lr` 0.000003, `optimizer` adam8bit, `risk` harm, " +
      "`gamma` 0.5, `compat` sound, `seed` 42)",
  );
});
