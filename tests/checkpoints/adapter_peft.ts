/**
 * By hand, as it needs Python: `deno run -A tests/checkpoints/adapter_peft.ts PYTHON` writes adapters of every family, trained
 * a little, loads them by peft (tests/fixtures/make_lora.py) and compares the logits; and merged ones likewise.
 *
 * @module
 */
import { saveAdapter } from "../../lib/checkpoints/adapter.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { saveModel } from "../../lib/checkpoints/save.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { LORA_DEFAULTS } from "../../lib/models/lora.ts";
import * as tf from "../../lib/npm/tfjs_core.ts";
import { ADAPTED, IDS, perturb } from "../models/adapted.ts";

const [python] = Deno.args;
using _engine = await openTensorFlow({ device: "cpu" });
for (const base of ADAPTED) {
  for (const targets of ["all", "attention", String.raw`\.1\.mlp\.`]) {
    const folder = await Deno.makeTempDir();
    using loaded = await loadModel(base, { lora: { ...LORA_DEFAULTS, rank: 4, alpha: 6, seed: 1, targets } });
    perturb(loaded);
    await saveAdapter(loaded.model, `${folder}/adapter`, { base, dtype: "F32" });
    const how = { configJson: loaded.configJson, tokenizerFolder: base, dtype: "F32" } as const;
    await saveModel(loaded.model, `${folder}/merged`, how);
    const args = ["tests/fixtures/make_lora.py", base, `${folder}/adapter`, `${folder}/merged`];
    const { success, stderr, stdout } = await new Deno.Command(python!, { args }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    const peft: number[] = JSON.parse(await Deno.readTextFile(`${folder}/adapter/peft.json`));
    const ours = tf.tidy(() => loaded.model.logits(tf.tensor2d(IDS, undefined, "int32")).dataSync().slice());
    const largest = Math.max(...peft.map(Math.abs));
    const apart = Math.max(...peft.map((value, i) => Math.abs(value - ours[i]!))) / largest;
    const merged = new TextDecoder().decode(stdout).trim().split(": ").at(-1);
    console.log(`${base} ${targets}: ${apart.toExponential(1)} from peft's logits; ${merged}`);
    if (!(apart < 1e-5)) throw new Error("too far");
    await Deno.remove(folder, { recursive: true });
  }
}
