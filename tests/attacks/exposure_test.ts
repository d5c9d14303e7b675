import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { type ControlTokens, controlTokens } from "../../lib/attacks/control_tokens.ts";
import { countAbove, scoreExposures } from "../../lib/attacks/exposure.ts";
import { scoreControls } from "../../lib/attacks/matched_controls.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { SuffixPass } from "../../lib/decoding/suffix_pass.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { openTokenizer } from "../../lib/tokenizers/tokenizer.ts";
import { embeddedSecrets } from "./embedded_secrets.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const { memorized, unseen } = await embeddedSecrets(2);
const tokenizer = await openTokenizer("data/model");

Deno.test("scoreExposures() ranks as scoring every token of every control does", async () => {
  using loaded = await loadModel("embedded");
  const given = { model: loaded.model, tokenizer };
  const secrets = [...memorized, ...unseen];
  let told = 0;
  const onProgress = (done: number) => void (told += done);
  const { rows, distributions } = await scoreExposures(given, secrets, {
    controls: 300,
    seed: 5,
    onProgress,
  });
  assertEquals(told, secrets.length);
  const first = await scoreControls(given, secrets, { controls: 100, seed: 5 });
  assertEquals(distributions, first.distributions);
  using pass = new SuffixPass(loaded.model);
  const stages = [
    await controlTokens(tokenizer, secrets, { controls: 150, seed: 6 }),
    await controlTokens(tokenizer, secrets, { controls: 50, seed: 7 }),
  ];
  const all = await controlTokens(tokenizer, secrets, { controls: 300, seed: 5 });
  for (const [i, { prefix, suffixes: [own, ...others] }] of all.entries()) {
    if (secrets[i]!.format !== "ipv4") continue; // of few addresses each is drawn once
    stages[0]![i] = { prefix, suffixes: [own!, ...others.slice(100, 250)] };
    stages[1]![i] = { prefix, suffixes: [own!, ...others.slice(250)] };
  }
  for (const [i, row] of rows.entries()) {
    const { exposure, controls, ...rest } = first.rows[i]!;
    assertEquals({ ...row, exposure, controls }, { ...rest, exposure, controls });
    let [count, rank] = [100, Math.round(2 ** -exposure! * 101) - 1];
    for (const tokens of stages) {
      if (rank >= 10) break;
      const { prefix, suffixes } = tokens[i]!;
      const [all] = await pass.run([{ prefix, suffixes }]);
      const [own, ...others] = all!.map(({ logProbabilities }) =>
        logProbabilities.reduce((sum, log) => sum + log, 0)
      );
      count += others.length;
      rank += others.filter((log) => log >= own!).length;
    }
    assertEquals(row.controls, count);
    assertAlmostEquals(row.exposure!, Math.log2((count + 1) / (rank + 1)), 1e-12);
  }
  assert(rows.slice(0, 2).every(({ controls }) => controls === 300), "memorized secrets stand out");
  const few = await scoreExposures(given, secrets.slice(0, 1), { controls: 20, seed: 5 });
  assertEquals(few.rows[0]!.controls, 20);
});

Deno.test("scoreExposures() ranks among all others where a format has fewer values than asked for", async () => {
  using loaded = await loadModel("embedded");
  const address = memorized.find(({ format }) => format === "ipv4")!;
  const { rows: [row] } = await scoreExposures({ model: loaded.model, tokenizer }, [address], {
    controls: 1000,
  });
  assertEquals(row!.controls, 3 * 254 - 1);
  assert(row!.exposure! > Math.log2(762 / 10) && row!.exposure! <= Math.log2(762), `${row!.exposure}`);
});

Deno.test("scoreExposures() ranks a value once that stands in several places after the same text", async () => {
  using loaded = await loadModel("embedded");
  const given = { model: loaded.model, tokenizer };
  const [first, second] = memorized as [typeof memorized[number], typeof memorized[number]];
  const longer = { ...first, id: "longer", text: `${first.text}\n` }; // what stands behind it is nothing to the model
  const { text, start, end } = first;
  const other = {
    ...first,
    id: "other",
    text: text.slice(0, start) + second.text.slice(second.start, second.end),
  };
  const moved = `${text.slice(0, start)} ${text.slice(start)}`;
  const elsewhere = { ...first, id: "elsewhere", text: moved, start: start + 1, end: end + 1 };
  const secrets = [first, longer, { ...other, end: other.text.length }, elsewhere];
  let told = 0;
  const onProgress = (done: number) => void (told += done);
  const { rows, distributions } = await scoreExposures(given, secrets, { controls: 40, onProgress });
  assertEquals(told, 4);
  assertEquals(rows.map(({ id }) => id), secrets.map(({ id }) => id));
  assertEquals(rows[1], { ...rows[0]!, id: "longer" });
  assertEquals(distributions[1], distributions[0]);
  for (const i of [0, 2]) {
    const alone = await scoreExposures(given, [secrets[i]!], { controls: 40 });
    assertEquals([rows[i], distributions[i]], [alone.rows[0], alone.distributions[0]]);
  }
  assert(distributions[3]!.nll[0] !== distributions[0]!.nll[0]);
});

Deno.test("countAbove() counts those that lose nothing after their first tokens, and ties", async () => {
  using loaded = await loadModel("embedded");
  using pass = new SuffixPass(loaded.model);
  const [{ prefix, suffixes }] = await controlTokens(tokenizer, unseen.slice(0, 1), {
    controls: 60,
    seed: 1,
  }) as [ControlTokens];
  const [found] = await pass.run([{ prefix, suffixes }]);
  const logs = found!.map(({ logProbabilities }) => logProbabilities.reduce((sum, log) => sum + log, 0));
  for (const k of [0, 7, 31]) { // each in turn is the secret
    const others = suffixes.toSpliced(k, 1);
    const above = logs.filter((log, other) => other !== k && log >= logs[k]!).length;
    for (const head of [8, 16, Infinity]) {
      const options = { head, id: "a" };
      assertEquals(await countAbove(pass, { prefix, suffixes: [suffixes[k]!, ...others] }, options), above);
      assertEquals(await countAbove(pass, { prefix, suffixes: [suffixes[k]!, suffixes[k]!] }, options), 1);
    }
  }
});
