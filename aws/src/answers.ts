import { Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/** Answers findings of cdk-nag's AWS Solutions rules at the construct where they are accepted, each with its reason. */
export function accept(construct: IConstruct, findings: Readonly<Record<string, string>>): void {
  for (const [rule, reason] of Object.entries(findings))
    Validations.of(construct).acknowledge({ id: `AwsSolutions-${rule}`, reason });
}
