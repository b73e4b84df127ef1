/**
 * What the product's source of a workspace may import besides itself. The apps meet in MariaDB, SQS, S3, CloudWatch and
 * HTTP, never in code; only start/ and tests know local-cloud.
 */
export const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  scaling: ["shared"],
  autoscaler: ["scaling", "shared"],
  manager: ["scaling", "shared", "loadgen"],
  "user-app": ["shared"],
  annotator: ["shared"],
  "local-cloud": ["shared"],
  start: ["shared", "local-cloud", "annotator"],
  aws: ["shared", "scaling", "start"],
  loadgen: ["shared"],
  cli: [],
};

/** Test environments may use every part; nothing but bench/ itself uses bench/. */
export const TEST_WORKSPACES: readonly string[] = ["testing", "bench", "tests"];

/**
 * Folders of a workspace from the lowest up: each may import those before it, never one behind it. What is in no layer
 * may use them all.
 */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  manager: ["model", "read", "features", "pages"],
  annotator: ["vcf", "pack", "engine", "jobs"],
};
