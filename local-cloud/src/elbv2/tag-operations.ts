import type {
  AddTagsCommandInput,
  AddTagsCommandOutput,
  DescribeTagsCommandInput,
  DescribeTagsCommandOutput,
  RemoveTagsCommandInput,
  RemoveTagsCommandOutput,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Handler } from "../wire/handler.ts";
import { type ElbContext, getListener, getLoadBalancer, getTargetGroup, tagsOf } from "./context.ts";

type Tags = Readonly<Record<string, string>>;

export function tagOperations(context: ElbContext) {
  const { catalogue } = context;

  const AddTags: Handler<AddTagsCommandInput, AddTagsCommandOutput> = async (input) => {
    for (const arn of input.ResourceArns ?? []) change(arn, (tags) => ({ ...tags, ...tagsOf(input.Tags) }));
    return {};
  };

  const RemoveTags: Handler<RemoveTagsCommandInput, RemoveTagsCommandOutput> = async (input) => {
    const leaving = new Set(input.TagKeys);
    for (const arn of input.ResourceArns ?? []) {
      change(arn, (tags) => Object.fromEntries(Object.entries(tags).filter(([key]) => !leaving.has(key))));
    }
    return {};
  };

  const DescribeTags: Handler<DescribeTagsCommandInput, DescribeTagsCommandOutput> = async (input) => ({
    TagDescriptions: (input.ResourceArns ?? []).map((ResourceArn) => ({
      ResourceArn,
      Tags: Object.entries(get(ResourceArn).tags).map(([Key, Value]) => ({ Key, Value })),
    })),
  });

  function get(arn: string): { readonly tags: Tags } {
    if (arn.includes(":targetgroup/")) return getTargetGroup(context, arn);
    if (arn.includes(":listener/")) return getListener(context, arn);
    return getLoadBalancer(context, arn);
  }

  function change(arn: string, edit: (tags: Tags) => Tags): void {
    const tags = { ...edit(get(arn).tags) };
    if (arn.includes(":targetgroup/")) catalogue.targetGroups.save({ ...getTargetGroup(context, arn), tags });
    else if (arn.includes(":listener/")) catalogue.listeners.save({ ...getListener(context, arn), tags });
    else catalogue.loadBalancers.save({ ...getLoadBalancer(context, arn), tags });
  }

  return { AddTags, RemoveTags, DescribeTags };
}
