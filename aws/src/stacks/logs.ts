import { RemovalPolicy } from "aws-cdk-lib";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { logGroups } from "../log-agent.ts";
import type { Options } from "../options.ts";

/** Where the log agents of the manager's machine and of workers write; kept for a month. */
export function makeLogGroups(scope: Construct, options: Options): void {
  for (const [kind, logGroupName] of Object.entries(logGroups(options)))
    new LogGroup(scope, `MachineLog-${kind}`, {
      logGroupName,
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
}
