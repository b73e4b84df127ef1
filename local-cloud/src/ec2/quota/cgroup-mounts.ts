/**
 * Where groups can be made: version 2 has one tree, version 1 one for each controller (often `cpu,cpuacct` together).
 */
export type CgroupTree =
  | { readonly version: 2; readonly parent: string }
  | { readonly version: 1; readonly cpuParent: string; readonly accountParent: string | undefined };

/**
 * Candidates in order of preference, from /proc/self/mountinfo and /proc/self/cgroup (cgroups(7)). Our own group comes
 * first, as it
 * is what was delegated to us; version 2 allows no processes in a group with controlled children, so there it is our
 * group's
 * parent. The root comes last: in a container our path may not exist below the mount.
 */
export function listCgroupTrees(mountinfo: string, ownGroups: string): CgroupTree[] {
  const mounts = mountinfo.split("\n").flatMap(parseMount);
  const own = new Map(
    ownGroups.split("\n").flatMap((line) => {
      const [, controllers, ...path] = line.split(":");
      if (controllers === undefined) return [];
      return controllers.split(",").map((name): [string, string] => [name, path.join(":")]);
    }),
  );
  const trees: CgroupTree[] = [];
  const unified = mounts.find((mount) => mount.type === "cgroup2");
  if (unified) {
    const path = own.get("") ?? "/";
    const above = path.slice(0, path.lastIndexOf("/"));
    for (const parent of new Set([unified.point + above, unified.point])) trees.push({ version: 2, parent });
  }
  const cpu = mounts.find((mount) => mount.type === "cgroup" && mount.controllers.includes("cpu"));
  const account = mounts.find((mount) => mount.type === "cgroup" && mount.controllers.includes("cpuacct"));
  if (cpu) {
    const inOwn = (mount: Mount, controller: string) => join(mount.point, own.get(controller) ?? "/");
    trees.push({
      version: 1,
      cpuParent: inOwn(cpu, "cpu"),
      accountParent: account && inOwn(account, "cpuacct"),
    });
    trees.push({ version: 1, cpuParent: cpu.point, accountParent: account?.point });
  }
  return trees;
}

interface Mount {
  readonly point: string;
  readonly type: string;
  readonly controllers: readonly string[];
}

function parseMount(line: string): Mount[] {
  const [left = "", right] = line.split(" - ");
  const point = left.split(" ")[4];
  const [type, , options = ""] = right?.split(" ") ?? [];
  if (point === undefined || type === undefined) return [];
  return [{ point, type, controllers: options.split(",") }];
}

function join(point: string, path: string): string {
  return path === "/" ? point : point + path;
}
