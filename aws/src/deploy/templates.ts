import type { Deployment } from "../make-app.ts";
import type { StackTemplate } from "./stacks.ts";

/** The templates in the order in which they are deployed. Throws when a rule of cdk-nag or CloudFormation is broken. */
export function templatesOf({ app, foundation, service }: Deployment): readonly [StackTemplate, StackTemplate] {
  const assembly = app.synth();
  const of = ({ stackName }: { readonly stackName: string }): StackTemplate => ({
    name: stackName,
    template: assembly.getStackByName(stackName).template,
  });
  return [of(foundation), of(service)];
}
