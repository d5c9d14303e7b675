/** A judging process whose "programs" are JavaScript: as if Python had got out of its interpreter. */
import { judgeUntilEnd } from "../../lib/sandbox/serve.ts";

const run = (program: string) => {
  try {
    return new Function(program)() ?? { reason: "failed", detail: "End" };
  } catch (error) {
    return { reason: "failed", detail: (error as Error).name };
  }
};
await judgeUntilEnd(() => Promise.resolve(() => Promise.resolve(run)));
