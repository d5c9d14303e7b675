import { assert, assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../lib/cli/command.ts";
import { ALONE, METHOD_OPTIONS, methodParameters } from "../../lib/cli/method_options.ts";
import { groupOptions } from "../../lib/cli/option_groups.ts";
import { UNLEARN_OPTIONS } from "../../lib/cli/unlearn_flags.ts";
import { METHOD_DEFAULTS, METHODS } from "../../lib/unlearning/objectives.ts";

Deno.test("methodParameters() gives each method all that it takes, what is given and its own defaults", () => {
  for (const method of METHODS) {
    const found = methodParameters({ method });
    const wanted = Object.entries(METHOD_DEFAULTS[method]).filter(([, value]) => value !== null);
    assertEquals(found, Object.fromEntries(wanted));
  }
  assertEquals(methodParameters({ method: "ga", gamma: 3 }), { gamma: 3, lambda: 0.1, alpha: 200 });
  assertEquals(methodParameters({ method: "cu", compat: "reference" }).alpha, 1);
  assertEquals(methodParameters({ method: "pdu", epsilon: 0.5, scope: "row" }).epsilon, 0.5);
  assertEquals([...ALONE], ["ga", "ssga", "undial", "ceu", "prod", "task-vector", "revs"]);
});

Deno.test("methodParameters() refuses by name what a method does not take", () => {
  const cases: [Parameters<typeof methodParameters>[0], string][] = [
    [
      { method: "npo", delta: 0 },
      "Cannot use --delta with npo: it takes --gamma, --alpha, --beta, --retain-loss, --scope",
    ],
    [{ method: "ga", scope: "row" }, "Cannot use --scope with ga: it takes --gamma, --lambda, --alpha"],
    [{ method: "ceu", retainLoss: "nll" }, "Cannot use --retain-loss with ceu: it takes --first, --scope"],
    [
      { method: "npo", retainLoss: "hidden" },
      "Cannot use --retain-loss hidden with npo: it takes nll and kl",
    ],
    [{ method: "prod", topP: 0 }, "Cannot read --top-p 0: more than 0 is needed"],
    [{ method: "task-vector", lambda: 0 }, "Cannot read --lambda 0: more than 0 is needed"],
    [
      { method: "revs", gamma: 1 },
      "Cannot use --gamma with revs: it takes --tokens, --neurons, --residual-rank, --neuron-rank",
    ],
    [{ method: "revs", residualRank: 0 }, "Cannot read --residual-rank 0: more than 0 is needed"],
    [{ method: "revs", lora: "" }, "Cannot use --lora with revs: it edits the weights themselves"],
    [{ method: "revs", adapter: "a" }, "Cannot use --adapter with revs: it edits the weights themselves"],
    [{ method: "revs", devices: 2 }, "Cannot use --devices with revs: it edits one secret after the other"],
    [{ method: "simnpo", beta: 0 }, "Cannot read --beta 0: more than 0 is needed"],
    [
      { method: "rmu", compat: "reference" },
      "Cannot use --compat reference with rmu: the reference has ga, ssga, cu and codeeraser",
    ],
  ];
  for (const [given, message] of cases) assertThrows(() => methodParameters(given), UsageError, message);
  assertEquals(methodParameters({ method: "wga", beta: 0 }).beta, 0); // plain ascent
});

Deno.test("the help has the methods' options under a heading, each with its defaults by method", () => {
  const names = Object.keys(UNLEARN_OPTIONS);
  const headings = groupOptions(names);
  for (const [name, { describe }] of Object.entries(METHOD_OPTIONS)) {
    assertEquals(headings[names.indexOf(name)], "The method's own, with their defaults by method", name);
    const taking = METHODS.filter((method) => name in METHOD_DEFAULTS[method]);
    assert(taking.length > 0, name);
    for (
      const method of taking.filter((method) => !describe.includes("ga to") || !/ga$|^cu|codeer/.test(method))
    ) {
      assert(describe.includes(method), `${name}: ${describe}`);
    }
  }
});
