/**
 * What the product's source of a workspace may import besides itself. The apps meet in MariaDB, SQS, S3, CloudWatch and HTTP, never in code; only
 * start/ and tests know local-cloud.
 */
export const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  scaling: ["shared"],
  autoscaler: ["scaling", "shared"],
  manager: ["scaling", "shared"],
  "user-app": ["shared"],
  annotator: ["shared"],
  "local-cloud": ["shared"],
  start: ["shared", "local-cloud", "annotator"],
  loadgen: ["shared"],
};

/** Test environments may use every part; nothing but bench/ itself uses bench/. */
export const TEST_WORKSPACES: readonly string[] = ["testing", "bench", "tests"];
