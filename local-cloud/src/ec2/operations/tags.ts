import type {
  CreateTagsCommandInput,
  CreateTagsCommandOutput,
  DeleteTagsCommandInput,
  DeleteTagsCommandOutput,
  DescribeTagsCommandInput,
  DescribeTagsCommandOutput,
} from "@aws-sdk/client-ec2";
import { Fault, type Handler } from "../../wire/handler.ts";
import { type Ec2Context, getNamedForChange, listVisible, refuseDryRun } from "../context.ts";
import { applyFilters, type Property } from "../filters.ts";
import type { InstanceRecord } from "../instances/record.ts";
import { checkTagCount, readTags } from "../instances/run-request.ts";
import { checkMaxResults, pageOf } from "../pages.ts";

export function createCreateTags(context: Ec2Context): Handler<CreateTagsCommandInput, CreateTagsCommandOutput> {
  return async (input) => {
    const given = readTags(input.Tags ?? []);
    if (Object.keys(given).length === 0)
      throw new Fault("MissingParameter", "The request must contain the parameter Tag");
    const changed = getTagged(context, input.Resources).map(({ instanceId, tags }) => ({
      instanceId,
      tags: { ...tags, ...given },
    }));
    for (const { tags } of changed) checkTagCount(tags);
    refuseDryRun(input.DryRun);
    for (const { instanceId, tags } of changed) context.store.update(instanceId, { tags });
    return {};
  };
}

export function createDeleteTags(context: Ec2Context): Handler<DeleteTagsCommandInput, DeleteTagsCommandOutput> {
  return async (input) => {
    const records = getTagged(context, input.Resources);
    refuseDryRun(input.DryRun);
    for (const { instanceId, tags } of records) {
      const kept = Object.entries(tags).filter(([key, value]) => !isDeleted(key, value, input.Tags));
      context.store.update(instanceId, { tags: Object.fromEntries(kept) });
    }
    return {};
  };
}

export function createDescribeTags(context: Ec2Context): Handler<DescribeTagsCommandInput, DescribeTagsCommandOutput> {
  return async (input) => {
    const all = listVisible(context).flatMap(({ instanceId, tags }) =>
      Object.entries(tags)
        .toSorted(([left], [right]) => (left < right ? -1 : 1))
        .map(([key, value]) => ({ instanceId, key, value })),
    );
    const matching = applyFilters(all, input.Filters, findTagProperty);
    const { items, nextToken } = pageOf(matching, ({ instanceId, key }) => `${instanceId} ${key}`, {
      maxResults: checkMaxResults(input.MaxResults),
      nextToken: input.NextToken,
    });
    return {
      Tags: items.map(({ instanceId, key, value }) => ({
        ResourceId: instanceId,
        ResourceType: "instance" as const,
        Key: key,
        Value: value,
      })),
      NextToken: nextToken,
    };
  };
}

/** Only instances carry tags here; EC2's answer to another kind of id that it does not know. */
function getTagged(context: Ec2Context, resources: readonly string[] | undefined): InstanceRecord[] {
  const foreign = resources?.find((id) => !id.startsWith("i-"));
  if (foreign !== undefined) throw new Fault("InvalidID", `The ID '${foreign}' is not valid`);
  if (resources === undefined || resources.length === 0) {
    throw new Fault("MissingParameter", "The request must contain the parameter ResourceId");
  }
  return getNamedForChange(context, resources);
}

/** No tags given: all go. A key without a value: whatever its value. A value, also an empty one: only that. */
function isDeleted(key: string, value: string, given: DeleteTagsCommandInput["Tags"]): boolean {
  if (given === undefined || given.length === 0) return true;
  return given.some((tag) => tag.Key === key && (tag.Value === undefined || tag.Value === value));
}

function findTagProperty(
  name: string,
): Property<{ readonly instanceId: string; readonly key: string; readonly value: string }> | undefined {
  if (name === "resource-id") return (tag) => [tag.instanceId];
  if (name === "resource-type") return () => ["instance"];
  if (name === "key" || name === "tag-key") return (tag) => [tag.key];
  if (name === "value" || name === "tag-value") return (tag) => [tag.value];
  if (name.startsWith("tag:")) return (tag) => (tag.key === name.slice(4) ? [tag.value] : []);
  return undefined;
}
