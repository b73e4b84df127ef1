import {
  type Change,
  type CloudFormationClient,
  CreateChangeSetCommand,
  DeleteChangeSetCommand,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  paginateDescribeStackEvents,
  type Stack,
  waitUntilChangeSetCreateComplete,
  waitUntilStackCreateComplete,
  waitUntilStackDeleteComplete,
  waitUntilStackUpdateComplete,
} from "@aws-sdk/client-cloudformation";

/** A database is ready after 10 to 20 minutes. */
const STACK_SECONDS = 3_600;
const CHANGE_SET_SECONDS = 300;
const POLL = { minDelay: 5, maxDelay: 15 };
/** What CloudFormation says of a change set without changes. */
const NO_CHANGES = /didn't contain changes|No updates are to be performed/;
const REASONS_SHOWN = 5;
/** It never ran, or is being deleted: nothing of it is to be kept. */
const HALF_MADE = ["CREATE_FAILED", "ROLLBACK_FAILED", "DELETE_FAILED"];

/** A stack template as the CDK writes it. */
export interface StackTemplate {
  readonly name: string;
  readonly template: { readonly Resources: Readonly<Record<string, { readonly Type: string }>> };
}

/** Undefined when there is none. */
export async function findStack(client: CloudFormationClient, name: string): Promise<Stack | undefined> {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: name }));
    return Stacks[0];
  } catch (error) {
    if (error instanceof Error && error.name === "ValidationError" && /does not exist/.test(error.message))
      return undefined;
    throw error;
  }
}

export function outputsOf(stack: Stack | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (stack?.Outputs ?? []).map(({ OutputKey = "", OutputValue = "" }) => [OutputKey, OutputValue]),
  );
}

/** Of a new stack, by type: `10 AWS::SQS::Queue`. */
export function resourceCounts({ template }: StackTemplate): readonly string[] {
  const counts = new Map<string, number>();
  for (const { Type } of Object.values(template.Resources)) counts.set(Type, (counts.get(Type) ?? 0) + 1);
  return [...counts].sort(([left], [right]) => left.localeCompare(right)).map(([type, count]) => `${count} ${type}`);
}

/** `replace AWS::EC2::Instance Manager`: what a change does to one resource. */
export function describeChange({ ResourceChange: change }: Change): string {
  const verb = change?.Replacement === "True" ? "replace" : (change?.Action ?? "change").toLowerCase();
  return `${verb} ${change?.ResourceType} ${change?.LogicalResourceId}`;
}

/** What to do before a stack in this state can be deployed; undefined: nothing. */
export function describeObstacle(name: string, status: string | undefined): string | undefined {
  if (status === undefined || status === "REVIEW_IN_PROGRESS") return undefined;
  if (status === "UPDATE_ROLLBACK_FAILED")
    return `${name} is ${status}: a change could not be undone. Remove the cause that its events in CloudFormation name, run aws cloudformation continue-update-rollback --stack-name ${name}, then this again.`;
  if (status.endsWith("_IN_PROGRESS"))
    return `${name} is ${status}: something else changes it. Run this again when that has ended.`;
  if (HALF_MADE.includes(status))
    return `${name} is ${status}: its creation or deletion failed halfway. Run npm run destroy, then this again.`;
  return undefined;
}

/** Whether CloudFormation takes a change of a stack in this state, rather than its deletion alone. */
export function isChangeable(status: string): boolean {
  return status.endsWith("_COMPLETE") && status !== "ROLLBACK_COMPLETE";
}

/** Creates or updates the stack; `approve` sees the changes of one that exists and may refuse. Returns its outputs. */
export async function deployStack(
  client: CloudFormationClient,
  stack: StackTemplate,
  approve: (changes: readonly string[]) => Promise<boolean> = () => Promise.resolve(true),
): Promise<Readonly<Record<string, string>>> {
  const existing = await findStack(client, stack.name);
  const obstacle = describeObstacle(stack.name, existing?.StackStatus);
  if (obstacle !== undefined) throw new Error(obstacle);
  // Left over from a first deployment that failed: it has nothing and can only be deleted.
  if (existing?.StackStatus === "ROLLBACK_COMPLETE") await deleteStack(client, stack.name);
  const isNew = ["ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS", undefined].includes(existing?.StackStatus);
  const { Id: ChangeSetName } = await client.send(
    new CreateChangeSetCommand({
      StackName: stack.name,
      ChangeSetName: `deploy-${Date.now()}`,
      ChangeSetType: isNew ? "CREATE" : "UPDATE",
      TemplateBody: JSON.stringify(stack.template),
      Capabilities: ["CAPABILITY_NAMED_IAM"],
    }),
  );
  if (!(await isReady(client, ChangeSetName))) return outputsOf(existing);
  if (!isNew && !(await approve(await listChanges(client, ChangeSetName)))) {
    await client.send(new DeleteChangeSetCommand({ ChangeSetName }));
    throw new Error(`${stack.name} was left as it is.`);
  }
  const startedAt = new Date();
  await client.send(new ExecuteChangeSetCommand({ ChangeSetName }));
  const wait = isNew ? waitUntilStackCreateComplete : waitUntilStackUpdateComplete;
  try {
    await wait({ client, maxWaitTime: STACK_SECONDS, ...POLL }, { StackName: stack.name });
  } catch (error) {
    const reasons = await listFailures(client, stack.name, startedAt);
    throw new Error(
      [`${stack.name} could not be deployed; CloudFormation rolls the changes back.`, ...reasons].join("\n  "),
      {
        cause: error,
      },
    );
  }
  return outputsOf(await findStack(client, stack.name));
}

/** Succeeds when there is no such stack. */
export async function deleteStack(client: CloudFormationClient, name: string): Promise<void> {
  const existing = await findStack(client, name);
  if (existing === undefined) return;
  const startedAt = new Date();
  await client.send(new DeleteStackCommand({ StackName: name }));
  try {
    await waitUntilStackDeleteComplete({ client, maxWaitTime: STACK_SECONDS, ...POLL }, { StackName: name });
  } catch (error) {
    // By its id, for one that was deleted meanwhile is not found by its name.
    const reasons = await listFailures(client, existing.StackId ?? name, startedAt);
    throw new Error([`${name} could not be deleted.`, ...reasons].join("\n  "), { cause: error });
  }
}

/** False when it holds no change; it is deleted then. */
async function isReady(client: CloudFormationClient, ChangeSetName: string | undefined): Promise<boolean> {
  try {
    await waitUntilChangeSetCreateComplete({ client, maxWaitTime: CHANGE_SET_SECONDS, ...POLL }, { ChangeSetName });
    return true;
  } catch (error) {
    const { StatusReason = "" } = await client.send(new DescribeChangeSetCommand({ ChangeSetName }));
    await client.send(new DeleteChangeSetCommand({ ChangeSetName }));
    if (NO_CHANGES.test(StatusReason)) return false;
    throw new Error(`CloudFormation refused the template: ${StatusReason}`, { cause: error });
  }
}

async function listChanges(
  client: CloudFormationClient,
  ChangeSetName: string | undefined,
): Promise<readonly string[]> {
  const changes: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.send(new DescribeChangeSetCommand({ ChangeSetName, NextToken }));
    changes.push(...(page.Changes ?? []).map(describeChange));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return changes;
}

async function listFailures(client: CloudFormationClient, StackName: string, since: Date): Promise<readonly string[]> {
  const failures: string[] = [];
  for await (const { StackEvents = [] } of paginateDescribeStackEvents({ client }, { StackName })) {
    for (const { Timestamp, ResourceStatus = "", LogicalResourceId, ResourceStatusReason } of StackEvents) {
      if (Timestamp === undefined || Timestamp < since) return failures.slice(-REASONS_SHOWN);
      if (ResourceStatus.endsWith("_FAILED")) failures.push(`${LogicalResourceId}: ${ResourceStatusReason}`);
    }
  }
  return failures.slice(-REASONS_SHOWN);
}
