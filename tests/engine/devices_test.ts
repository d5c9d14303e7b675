import { assertRejects } from "@std/assert";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { checkOnBoth } from "./two_devices.ts";

Deno.test("steps of two logical processors run at once, each on the variables of its own", async () => {
  await checkOnBoth({ count: 2 });
});

Deno.test("openTensorFlow() refuses more devices than there are, and others than are open", async () => {
  await assertRejects(
    () => openTensorFlow({ device: "cpu", count: 17 }),
    RangeError,
    "Cannot compute on 17 devices: a processor is opened as 16 at most",
  );
  await assertRejects(
    () => openTensorFlow({ device: "cpu", count: 0 }),
    RangeError,
    "Cannot open TensorFlow on 0 devices: expected a whole number from 1",
  );
  using _engine = await openTensorFlow({ device: "cpu" });
  await assertRejects(
    () => openTensorFlow({ count: 2 }),
    Error,
    "Cannot open TensorFlow on 2 devices: it is open on 1: close it first",
  );
});
