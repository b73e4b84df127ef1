import { checkVersion, getBucket, getObject, type S3Context, type S3Handlers } from "./context.ts";
import { invalidArgument, invalidTag } from "./faults.ts";
import type { Tag } from "./object-record.ts";

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
const MAX_TAGS = 10;
const MAX_NAME_CHARACTERS = 128;
const MAX_VALUE_CHARACTERS = 256;
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

interface TagInput {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

export function tagOperations(
  context: S3Context,
): S3Handlers<"GetObjectTagging" | "PutObjectTagging" | "DeleteObjectTagging"> {
  const change = (bucket: string, key: string, tags: readonly Tag[]) => {
    const { facts } = getObject(context, bucket, key);
    context.objects.setFacts(bucket, key, { ...facts, tags: tagsOrNone(tags) });
  };
  return {
    async GetObjectTagging(input, call) {
      const { name } = getBucket(context, input, call);
      checkVersion(input.VersionId);
      const { facts } = getObject(context, name, input.Key ?? "");
      return { TagSet: (facts.tags ?? []).map(({ key, value }) => ({ Key: key, Value: value })) };
    },

    async PutObjectTagging(input, call) {
      const { name } = getBucket(context, input, call);
      checkVersion(input.VersionId);
      change(name, input.Key ?? "", checkTags(input.Tagging?.TagSet ?? []));
      return {};
    },

    async DeleteObjectTagging(input, call) {
      const { name } = getBucket(context, input, call);
      checkVersion(input.VersionId);
      change(name, input.Key ?? "", []);
      return {};
    },
  };
}

/** The tags of the header `x-amz-tagging`, which are written as in a query: `a=1&b=2`. */
export function readTagHeader(header: string | undefined): Tag[] | undefined {
  if (header === undefined) return undefined;
  const pairs = [...new URLSearchParams(header)];
  if (pairs.some(([name]) => name === "")) {
    throw invalidArgument(
      "x-amz-tagging",
      header,
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded",
    );
  }
  return tagsOrNone(checkTags(pairs.map(([Key, Value]) => ({ Key, Value }))));
}

function checkTags(tags: readonly TagInput[]): readonly Tag[] {
  if (tags.length > MAX_TAGS) throw invalidTag("Object tags cannot be greater than 10", "BadRequest");
  const checked = tags.map(({ Key: key = "", Value: value = "" }) => {
    if (key === "" || key.length > MAX_NAME_CHARACTERS || !ALLOWED.test(key) || /^aws:/i.test(key))
      throw invalidTag("The TagKey you have provided is invalid");
    if (value.length > MAX_VALUE_CHARACTERS || !ALLOWED.test(value))
      throw invalidTag("The TagValue you have provided is invalid");
    return { key, value };
  });
  if (new Set(checked.map(({ key }) => key)).size < checked.length)
    throw invalidTag("Cannot provide multiple Tags with the same key");
  return checked;
}

/** No tags are not kept, so that objects without them have the records that they always had. */
function tagsOrNone(tags: readonly Tag[]): Tag[] | undefined {
  return tags.length === 0 ? undefined : [...tags];
}
