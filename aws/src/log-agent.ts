import type { Options } from "./options.ts";

/** The log groups of our machines. */
export function logGroups({ PREFIX }: Pick<Options, "PREFIX">): { readonly manager: string; readonly workers: string } {
  return { manager: `/${PREFIX}-gas/manager`, workers: `/${PREFIX}-gas/workers` };
}

/**
 * Settings of the CloudWatch agent on one line: each file is a stream of the machine, written to a group that is there.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Agent-Configuration-File-Details.html
 */
export function logAgentSettings(group: string, files: Readonly<Record<string, string>>): string {
  const collect_list = Object.entries(files).map(([stream, file_path]) => ({
    file_path,
    log_group_name: group,
    log_stream_name: `{instance_id}/${stream}`,
  }));
  return JSON.stringify({ logs: { logs_collected: { files: { collect_list } } } });
}

/** What first boot prints, and with it the output of a worker's role. */
export const BOOT_LOG = "/var/log/cloud-init-output.log";
