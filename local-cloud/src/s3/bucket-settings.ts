import { Fault } from "../wire/handler.ts";
import { CorsRule } from "./bucket-index.ts";
import { getBucket, type S3Context, type S3Handlers } from "./context.ts";
import { invalidRequest } from "./faults.ts";

const MAX_RULES = 100;
const METHODS: ReadonlySet<string> = new Set(["GET", "PUT", "HEAD", "POST", "DELETE"]);

type Names =
  | "PutBucketCors"
  | "GetBucketCors"
  | "DeleteBucketCors"
  | "PutPublicAccessBlock"
  | "GetPublicAccessBlock"
  | "DeletePublicAccessBlock";

export function bucketSettingOperations(context: S3Context): S3Handlers<Names> {
  const { buckets } = context;
  return {
    async PutBucketCors(input, call) {
      const { name, settings } = getBucket(context, input, call);
      const rules = CorsRule.array().safeParse(input.CORSConfiguration?.CORSRules ?? []);
      if (!rules.success || rules.data.length === 0 || rules.data.length > MAX_RULES) {
        throw new Fault(
          "MalformedXML",
          "The XML you provided was not well-formed or did not validate against our published schema",
        );
      }
      for (const rule of rules.data) checkRule(rule);
      buckets.setSettings(name, { ...settings, cors: rules.data });
      return {};
    },

    async GetBucketCors(input, call) {
      const { settings } = getBucket(context, input, call);
      if (!settings.cors) throw new Fault("NoSuchCORSConfiguration", "The CORS configuration does not exist", 404);
      return { CORSRules: settings.cors };
    },

    async DeleteBucketCors(input, call) {
      const { name, settings } = getBucket(context, input, call);
      buckets.setSettings(name, { ...settings, cors: undefined });
      return {};
    },

    async PutPublicAccessBlock(input, call) {
      const { name, settings } = getBucket(context, input, call);
      buckets.setSettings(name, { ...settings, publicAccessBlock: input.PublicAccessBlockConfiguration ?? {} });
      return {};
    },

    async GetPublicAccessBlock(input, call) {
      const { settings } = getBucket(context, input, call);
      if (!settings.publicAccessBlock) {
        throw new Fault(
          "NoSuchPublicAccessBlockConfiguration",
          "The public access block configuration was not found",
          404,
        );
      }
      return { PublicAccessBlockConfiguration: settings.publicAccessBlock };
    },

    async DeletePublicAccessBlock(input, call) {
      const { name, settings } = getBucket(context, input, call);
      buckets.setSettings(name, { ...settings, publicAccessBlock: undefined });
      return {};
    },
  };
}

function checkRule({ AllowedMethods, AllowedOrigins, AllowedHeaders = [] }: CorsRule): void {
  const method = AllowedMethods.find((each) => !METHODS.has(each));
  if (method !== undefined)
    throw invalidRequest(`Found unsupported HTTP method in CORS config. Unsupported method is ${method}`);
  const pattern = [...AllowedOrigins, ...AllowedHeaders].find((each) => each.split("*").length > 2);
  if (pattern !== undefined) throw invalidRequest(`AllowedOrigin "${pattern}" can not have more than one wildcard.`);
}
