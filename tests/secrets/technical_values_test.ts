import { assertEquals } from "@std/assert";
import { isTechnical, TECHNICAL_FORMS } from "../../lib/secrets/technical_values.ts";

for (const { name, form, examples, counterExamples } of TECHNICAL_FORMS) {
  Deno.test(`isTechnical() knows a ${name}, and not what is near to it`, () => {
    assertEquals(examples.filter((value) => !form.test(value)), []);
    assertEquals(counterExamples.filter(isTechnical), []);
    assertEquals([examples.length > 0, counterExamples.length > 0], [true, true]);
  });
}

Deno.test("isTechnical() takes no secret for technical", () => {
  const secrets = ["q7Zk2mX9", "hunter2|q7", "pässword77", "P2$word=", "q7Zk2mX9=="];
  assertEquals(secrets.filter(isTechnical), []);
});
