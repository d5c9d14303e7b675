import { assertEquals } from "@std/assert";
import { freeMemory } from "../../lib/engine/free_memory.ts";

/** Control groups by their files. */
const freeWith = (files: Record<string, string>, available = 32e9, swap = false) =>
  freeMemory({ machine: { available, swapFree: 5e9 }, read: (path) => files[path], swap });

Deno.test("freeMemory() takes the least of the machine's and of every control group's above the process", () => {
  const [own, above] = ["/sys/fs/cgroup/jobs/7", "/sys/fs/cgroup/jobs"];
  const unified = {
    "/proc/self/cgroup": "0::/jobs/7\n",
    [`${own}/memory.max`]: "max\n",
    [`${own}/memory.current`]: "1000\n",
    [`${above}/memory.max`]: "8000000000\n",
    [`${above}/memory.current`]: "3000000000\n",
    [`${above}/memory.stat`]: "anon 5\ninactive_file 1000000000\nactive_file 9\n",
  };
  assertEquals(freeWith(unified), 6e9);
  assertEquals(freeWith(unified, 2e9), 2e9);
  assertEquals(freeWith(unified, 32e9, true), 11e9);
  assertEquals(freeWith({ ...unified, [`${above}/memory.current`]: "9500000000\n" }), 0);
  const folder = "/sys/fs/cgroup/memory/docker/ab";
  const first = {
    "/proc/self/cgroup": "9:cpu:/x\n4:hugetlb,memory:/docker/ab\n0::/\n",
    [`${folder}/memory.limit_in_bytes`]: "4000000000\n",
    [`${folder}/memory.usage_in_bytes`]: "1500000000\n",
    [`${folder}/memory.stat`]: "inactive_file 7\ntotal_inactive_file 500000000\n",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    "/sys/fs/cgroup/memory/memory.usage_in_bytes": "5\n",
  };
  assertEquals(freeWith(first), 3e9);
  for (const text of ["", "nonsense", "0::relative", "3:cpu:/a"]) {
    assertEquals(freeWith({ "/proc/self/cgroup": text }), 32e9, text);
  }
  assertEquals(freeWith({}), 32e9);
});

Deno.test("freeMemory() is null where asking is not permitted", () => {
  assertEquals(freeMemory({ machine: null }), null);
});
