/**
 * The slurm.conf of a cluster of one node on loopback, of the user who starts it: no cgroups, no accounting, no systemd.
 *
 * Invariant: everything that the daemons read or write lies in the cluster's folder.
 *
 * @module
 */

/** Where a cluster lies and listens. */
export interface ClusterPlace {
  /** Holds the daemons' states, logs and sockets. */
  folder: string;
  /** Where Slurm's plugins are. */
  plugins: string;
  /** The machine's short name: slurmd finds its node by it. */
  host: string;
  /** Who starts the daemons and runs the jobs. */
  user: string;
  /** Free ports of 127.0.0.1. */
  ports: { controller: number; node: number };
}

/** The node has as many as four tasks of the script in docs/cluster.md ask for, whatever the machine has. */
const NODE = { CPUs: 16, RealMemory: 65_536 };

/** How long a job that was queued again waits, as long as what it was allowed by is valid: two minutes by default. */
const REQUEUE_SECONDS = 15;

/** The text of slurm.conf. */
export function slurmConf({ folder, plugins, host, user, ports }: ClusterPlace): string {
  const settings = {
    ClusterName: "codescrub",
    SlurmctldHost: `${host}(127.0.0.1)`,
    SlurmctldPort: ports.controller,
    SlurmdPort: ports.node,
    CommunicationParameters: "NoCtldInAddrAny,NoInAddrAny", // listen on 127.0.0.1 only
    SlurmUser: user,
    SlurmdUser: user,
    AuthType: "auth/munge",
    AuthInfo: `socket=${mungeSocket(folder)},cred_expire=${REQUEUE_SECONDS}`,
    CredType: "cred/munge",
    PluginDir: plugins,
    StateSaveLocation: `${folder}/state`,
    SlurmdSpoolDir: `${folder}/spool`,
    SlurmctldPidFile: `${folder}/slurmctld.pid`,
    SlurmdPidFile: `${folder}/slurmd.pid`,
    ProctrackType: "proctrack/linuxproc",
    TaskPlugin: "task/none",
    SchedulerType: "sched/builtin",
    SchedulerParameters: "sched_interval=2", // seconds between looks for jobs to start, 60 by default
    SelectType: "select/cons_tres",
    SelectTypeParameters: "CR_CPU",
    SlurmdParameters: "config_overrides", // believe NODE
    KillWait: 10, // seconds between SIGTERM and SIGKILL
    MailProg: "/bin/true",
  };
  const node = { NodeName: "one", NodeHostname: host, NodeAddr: "127.0.0.1", ...NODE, State: "UNKNOWN" };
  const partition = { PartitionName: "all", Nodes: "one", Default: "YES", State: "UP" };
  const line = (fields: { [key: string]: string | number }) =>
    Object.entries(fields).map(([key, value]) => `${key}=${value}`);
  return [...line(settings), line(node).join(" "), line(partition).join(" "), ""].join("\n");
}

/** Where the daemons of a folder's cluster ask munged who somebody is. */
export function mungeSocket(folder: string): string {
  return `${folder}/munge.socket`;
}
