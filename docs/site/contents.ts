import { globSync } from "node:fs";
import { join } from "node:path";

/** In reading order; a proof that is new follows, so that its first run needs no edit here. */
const RESULTS = [
  "docs/results/README.md",
  "docs/results/first-hour.md",
  "docs/results/grading-flow.md",
  "docs/results/elastic-cpu.md",
  "docs/results/queue-pool.md",
  "docs/results/scaling-comparison.md",
  "docs/results/rolling-update.md",
  "docs/results/workers-lost.md",
  "docs/results/archive-and-back.md",
  "docs/results/jobs-thrice.md",
  "docs/results/faults.md",
  "docs/results/faults-soak.md",
  "docs/results/parts.md",
];
const otherResults = globSync("docs/results/*.md", { cwd: join(import.meta.dirname, "../..") })
  .filter((path) => !RESULTS.includes(path))
  .toSorted();

/** The documents in reading order, by who reads them. Paths are from the project's root. */
export const CONTENTS: readonly { readonly part: string; readonly documents: readonly string[] }[] = [
  { part: "What it is", documents: ["README.md"] },
  {
    part: "Guides",
    documents: [
      "docs/guides/grade-it.md",
      "docs/guides/use-it.md",
      "docs/guides/run-it.md",
      "docs/guides/operate.md",
      "samples/README.md",
    ],
  },
  {
    part: "How it works",
    documents: [
      "docs/architecture.md",
      "docs/database.md",
      "docs/messages.md",
      "docs/scaling.md",
      "docs/annotation.md",
      "docs/packs.md",
      "docs/mask-model.md",
      "docs/security.md",
      "docs/glossary.md",
    ],
  },
  {
    part: "The parts",
    documents: [
      "manager/README.md",
      "autoscaler/README.md",
      "local-cloud/README.md",
      "docs/aws.md",
      "docs/regions.md",
      "CONTRIBUTING.md",
    ],
  },
  {
    part: "Results",
    documents: [
      ...RESULTS,
      ...otherResults,
      "docs/performance.md",
      "docs/performance/autoscaler.md",
      "docs/performance/local-cloud.md",
      "docs/performance/pages.md",
    ],
  },
  {
    part: "Why it is so",
    documents: [
      "docs/decisions/0001-user-data-fetches-by-presigned-url.md",
      "docs/decisions/0002-a-worker-ends-with-its-process.md",
      "docs/decisions/0003-start-is-a-workspace.md",
      "docs/decisions/0004-install-without-npm-ci.md",
      "docs/decisions/0005-previews-come-from-one-thread.md",
      "docs/decisions/0006-a-deeper-cut-looks-back-longer.md",
      "docs/decisions/0007-pages-are-typed-functions.md",
      "docs/decisions/0008-the-queue-rule-holds-what-was-needed.md",
      "docs/decisions/0009-one-model-of-pools-and-workers.md",
      "docs/decisions/0010-the-balancer-keeps-its-own-client.md",
      "docs/decisions/0011-days-for-tuning-and-for-judging.md",
      "docs/decisions/0012-a-release-brings-its-packages.md",
      "docs/decisions/0013-an-update-adds-first-and-goes-pool-by-pool.md",
      "docs/decisions/0014-what-strangers-stumbled-over.md",
      "docs/decisions/0015-programs-share-compiled-code.md",
    ],
  },
];
