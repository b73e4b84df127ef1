import { join } from "node:path";
import { readDeployEnvironment } from "./deploy/read-environment.ts";
import { tellFailures } from "./deploy/tell-failures.ts";
import { makeApp } from "./make-app.ts";
import { readOptions } from "./options.ts";

/**
 * `npm run deploy:synth`: writes the templates, without an account or a network. The releases are named when they are
 * packed.
 */
tellFailures();
const outdir = join(import.meta.dirname, "../dist");
const { app, foundation, service } = makeApp(
  readOptions(readDeployEnvironment()),
  { worker: "0".repeat(64), manager: "0".repeat(64) },
  { outdir },
);
app.synth();
for (const { templateFile } of [foundation, service]) console.log(join(outdir, templateFile));
