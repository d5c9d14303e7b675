/** The manifest of docs/cluster.md. No Kubernetes runs here, so it is held against what batch/v1 says of its fields. */
import { assertEquals } from "@std/assert";

type Fields = { [name: string]: unknown };

/** The fields of batch/v1 and v1 that the manifest may use, of the API reference of Kubernetes 1.33: a type or fields. */
const JOB = {
  apiVersion: "string",
  kind: "string",
  metadata: { name: "string", namespace: "string" },
  spec: {
    completionMode: "string",
    completions: "number",
    parallelism: "number",
    backoffLimitPerIndex: "number",
    maxFailedIndexes: "number",
    ttlSecondsAfterFinished: "number",
    podFailurePolicy: {
      rules: [{ action: "string", onPodConditions: [{ type: "string", status: "string" }] }],
    },
    template: {
      spec: {
        restartPolicy: "string",
        terminationGracePeriodSeconds: "number",
        containers: [{
          name: "string",
          image: "string",
          workingDir: "string",
          command: ["string"],
          args: ["string"],
          env: [{
            name: "string",
            value: "string",
            valueFrom: { secretKeyRef: { name: "string", key: "string" } },
          }],
          resources: {
            requests: { cpu: "string", memory: "string" },
            limits: { cpu: "string", memory: "string" },
          },
          volumeMounts: [{ name: "string", mountPath: "string", readOnly: "boolean" }],
        }],
        volumes: [{ name: "string", persistentVolumeClaim: { claimName: "string" } }],
      },
    },
  },
};

/** Where a value has an unknown field, or one of another type. */
function misfits(value: unknown, type: unknown, path = ""): string[] {
  if (typeof type === "string") {
    const found: string = typeof value;
    return found === type ? [] : [`${path} is no ${type}`];
  }
  if (Array.isArray(type)) {
    if (!Array.isArray(value)) return [`${path} is no list`];
    return value.flatMap((item, i) => misfits(item, type[0], `${path}[${i}]`));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [`${path} has no fields`];
  return Object.entries(value).flatMap(([name, field]) => {
    const known = (type as Fields)[name];
    return known === undefined ? [`${path}.${name} is unknown`] : misfits(field, known, `${path}.${name}`);
  });
}

const DOC = await Deno.readTextFile(new URL("../docs/cluster.md", import.meta.url));

Deno.test("the Kubernetes manifest of docs/cluster.md is an Indexed Job by the fields of batch/v1", () => {
  const manifests = [...DOC.matchAll(/^```json\n(.*?)^```$/gms)].map(([, text]) => JSON.parse(text!));
  assertEquals(manifests.length, 1);
  const [job] = manifests as [typeof JOB & { spec: { [name: string]: unknown } }];
  assertEquals(misfits(job, JOB), []);
  assertEquals([job.apiVersion, job.kind, job.spec.completionMode], ["batch/v1", "Job", "Indexed"]);
  const { completions, parallelism, template: { spec: pod } } = job.spec;
  assertEquals(Number(parallelism) <= Number(completions), true);
  assertEquals(pod.restartPolicy, "Never"); // backoffLimitPerIndex and podFailurePolicy ask for it
  for (const { env, volumeMounts } of pod.containers) {
    assertEquals(env.find(({ name }) => name === "JOB_COMPLETIONS")?.value, String(completions));
    assertEquals(env.filter((one) => (one.value === undefined) === (one.valueFrom === undefined)), []);
    const volumes = pod.volumes.map(({ name }) => name);
    assertEquals(volumeMounts.map(({ name }) => name), volumes);
  }
});

Deno.test("misfits() names unknown fields and wrong types", () => {
  const wrong = {
    kind: 1,
    spec: { completion: 3, template: { spec: { containers: [{ command: "deno" }] } } },
  };
  assertEquals(misfits(wrong, JOB), [
    ".kind is no string",
    ".spec.completion is unknown",
    ".spec.template.spec.containers[0].command is no list",
  ]);
});
