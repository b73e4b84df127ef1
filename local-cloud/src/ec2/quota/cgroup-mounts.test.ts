import { expect, test } from "vitest";
import { listCgroupTrees } from "./cgroup-mounts.ts";

test("finds version 2 at the root and beside our own group", () => {
  const mountinfo = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
  expect(listCgroupTrees(mountinfo, "0::/user.slice/user-1000.slice/session-2.scope\n")).toEqual([
    { version: 2, parent: "/sys/fs/cgroup/user.slice/user-1000.slice" },
    { version: 2, parent: "/sys/fs/cgroup" },
  ]);
  expect(listCgroupTrees(mountinfo, "0::/\n")).toEqual([{ version: 2, parent: "/sys/fs/cgroup" }]);
});

test("finds version 1 with joined and with separate controllers, our own group first", () => {
  const joined = "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw shared:5 - cgroup cgroup rw,cpu,cpuacct\n";
  expect(listCgroupTrees(joined, "4:cpu,cpuacct:/docker/a:b\n")).toEqual([
    {
      version: 1,
      cpuParent: "/sys/fs/cgroup/cpu,cpuacct/docker/a:b",
      accountParent: "/sys/fs/cgroup/cpu,cpuacct/docker/a:b",
    },
    { version: 1, cpuParent: "/sys/fs/cgroup/cpu,cpuacct", accountParent: "/sys/fs/cgroup/cpu,cpuacct" },
  ]);
  const separate =
    "32 31 0:29 / /cg/cpu rw - cgroup cgroup rw,cpu\n33 31 0:30 / /cg/acct rw - cgroup cgroup rw,cpuacct\n";
  expect(listCgroupTrees(separate, "2:cpuacct:/\n1:cpu:/\n")[0]).toEqual({
    version: 1,
    cpuParent: "/cg/cpu",
    accountParent: "/cg/acct",
  });
});

test("finds nothing where nothing is mounted", () => {
  expect(listCgroupTrees("22 27 0:21 / /proc rw - proc proc rw\n", "0::/\n")).toEqual([]);
});
