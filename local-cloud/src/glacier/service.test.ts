import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateVaultCommand,
  DeleteArchiveCommand,
  DeleteVaultCommand,
  DescribeJobCommand,
  DescribeVaultCommand,
  GetJobOutputCommand,
  GlacierClient,
  InitiateJobCommand,
  InitiateMultipartUploadCommand,
  type JobParameters,
  ListJobsCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  ListVaultsCommand,
  UploadArchiveCommand,
  UploadMultipartPartCommand,
} from "@aws-sdk/client-glacier";
import { TreeHash } from "@elastic-gas/shared/aws/tree-hash";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { expect, onTestFinished, test } from "vitest";
import type { LocalCloudOptions } from "../start-local-cloud.ts";

const vault = { accountId: "-", vaultName: "results" };
const ARN = "arn:aws:glacier:us-east-1:000000000000:vaults/results";
const MIB = 2 ** 20;
const NOON = "2030-01-01T12:00:00.000Z";

/** A cloud with one vault, whose clock the test moves; its client signs by the same clock. */
async function startVault(options: Partial<LocalCloudOptions> = {}) {
  let now = new Date(NOON);
  const cloud = await startTestCloud({
    now: () => now,
    retrievalSeconds: { Expedited: 60, Standard: 600, Bulk: 6000 },
    ...options,
  });
  const glacier = new GlacierClient({ ...cloud.clientConfig, systemClockOffset: now.getTime() - Date.now() });
  await glacier.send(new CreateVaultCommand(vault));
  return {
    cloud,
    glacier,
    pass(seconds: number) {
      now = new Date(now.getTime() + seconds * 1_000);
      glacier.config.systemClockOffset = now.getTime() - Date.now();
    },
    upload: async (content: string | Buffer, archiveDescription?: string) =>
      (await glacier.send(new UploadArchiveCommand({ ...vault, archiveDescription, body: Buffer.from(content) })))
        .archiveId ?? "",
    retrieve: async (jobParameters: JobParameters) =>
      (
        await glacier.send(
          new InitiateJobCommand({ ...vault, jobParameters: { Type: "archive-retrieval", ...jobParameters } }),
        )
      ).jobId ?? "",
    state: async (jobId: string) => (await glacier.send(new DescribeJobCommand({ ...vault, jobId }))).StatusCode,
    read: async (jobId: string, range?: string) => {
      const { body, ...rest } = await glacier.send(new GetJobOutputCommand({ ...vault, jobId, range }));
      return { ...rest, bytes: Buffer.from((await body?.transformToByteArray()) ?? []) };
    },
    async [Symbol.asyncDispose]() {
      glacier.destroy();
      await cloud[Symbol.asyncDispose]();
    },
  };
}

const failure = (name: string, statusCode: number) =>
  expect.objectContaining({ name, $metadata: expect.objectContaining({ httpStatusCode: statusCode }) });

function treeHashOf(bytes: Buffer): string {
  const tree = new TreeHash();
  tree.update(bytes);
  return tree.digest();
}

function pattern(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let index = 0; index < size; index += 1024) bytes.writeUInt32LE(index, Math.min(index, size - 4));
  return bytes;
}

test("vaults are made once, described, listed in pages and deleted when empty", async () => {
  await using test = await startVault();
  const { glacier, upload } = test;
  expect(await glacier.send(new CreateVaultCommand(vault))).toMatchObject({
    location: "/000000000000/vaults/results",
    $metadata: { httpStatusCode: 201 },
  });
  await glacier.send(new CreateVaultCommand({ accountId: "000000000000", vaultName: "a" }));
  const archiveId = await upload("12345");
  expect(await glacier.send(new DescribeVaultCommand(vault))).toMatchObject({
    VaultARN: ARN,
    VaultName: "results",
    CreationDate: NOON,
    NumberOfArchives: 1,
    SizeInBytes: 5,
  });
  const first = await glacier.send(new ListVaultsCommand({ accountId: "-", limit: 1 }));
  expect(first.VaultList).toMatchObject([{ VaultName: "a" }]);
  const second = await glacier.send(new ListVaultsCommand({ accountId: "-", limit: 1, marker: first.Marker }));
  expect(second).toMatchObject({ VaultList: [{ VaultName: "results" }] });
  expect(second.Marker).toBeUndefined();

  await expect(glacier.send(new DeleteVaultCommand(vault))).rejects.toEqual(
    failure("InvalidParameterValueException", 400),
  );
  await glacier.send(new DeleteArchiveCommand({ ...vault, archiveId }));
  await glacier.send(new DeleteVaultCommand(vault));
  await glacier.send(new DeleteVaultCommand(vault));
  await expect(glacier.send(new DescribeVaultCommand(vault))).rejects.toEqual(
    failure("ResourceNotFoundException", 404),
  );
});

test("an archive comes back as it was after the time of its tier, and is gone a day later", async () => {
  await using test = await startVault();
  const { glacier, upload, retrieve, state, read, pass } = test;
  const content = pattern(2 * MIB + 5);
  const archiveId = await upload(content, '{"jobId":"7"}');
  expect(archiveId).toHaveLength(138);
  const expedited = await retrieve({ ArchiveId: archiveId, Tier: "Expedited", Description: "for 7" });
  const standard = await retrieve({ ArchiveId: archiveId });
  expect(expedited).toHaveLength(92);
  await expect(read(expedited)).rejects.toEqual(failure("InvalidParameterValueException", 400));
  pass(59);
  expect(await state(expedited)).toBe("InProgress");
  pass(1);
  expect(await glacier.send(new DescribeJobCommand({ ...vault, jobId: expedited }))).toMatchObject({
    JobId: expedited,
    JobDescription: "for 7",
    Action: "ArchiveRetrieval",
    ArchiveId: archiveId,
    VaultARN: ARN,
    Tier: "Expedited",
    Completed: true,
    StatusCode: "Succeeded",
    CreationDate: NOON,
    CompletionDate: "2030-01-01T12:01:00.000Z",
    ArchiveSizeInBytes: content.length,
    SHA256TreeHash: treeHashOf(content),
  });
  expect(await state(standard)).toBe("InProgress");
  const output = await read(expedited);
  expect(output).toMatchObject({ checksum: treeHashOf(content), status: 200, archiveDescription: '{"jobId":"7"}' });
  expect(output.bytes.equals(content)).toBe(true);

  const jobs = await glacier.send(new ListJobsCommand({ ...vault, completed: "false" }));
  expect(jobs.JobList?.map(({ JobId }) => JobId)).toEqual([standard]);
  pass(86_400);
  await expect(state(expedited)).rejects.toEqual(failure("ResourceNotFoundException", 404));
});

test("parts of an output carry a tree hash only where they are nodes of the tree", async () => {
  await using test = await startVault();
  const content = pattern(3 * MIB + 9);
  const jobId = await test.retrieve({ ArchiveId: await test.upload(content), Tier: "Expedited" });
  test.pass(60);
  const aligned = await test.read(jobId, `bytes=0-${2 * MIB - 1}`);
  const half = content.subarray(0, 2 * MIB);
  expect(aligned).toMatchObject({
    status: 206,
    contentRange: `bytes 0-${2 * MIB - 1}/${content.length}`,
    checksum: treeHashOf(half),
  });
  expect(aligned.bytes.equals(half)).toBe(true);
  const odd = await test.read(jobId, "bytes=10-19");
  expect(odd.checksum).toBeUndefined();
  expect(odd.bytes.equals(content.subarray(10, 20))).toBe(true);
});

test("an archive whose tree hash does not fit is refused and leaves nothing", async () => {
  await using test = await startVault();
  const body = Buffer.from("content");
  const wrong = createHash("sha256").update("other").digest("hex");
  await expect(test.glacier.send(new UploadArchiveCommand({ ...vault, checksum: wrong, body }))).rejects.toEqual(
    failure("InvalidParameterValueException", 400),
  );
  expect(await test.glacier.send(new DescribeVaultCommand(vault))).toMatchObject({ NumberOfArchives: 0 });
  await expect(
    test.glacier.send(new UploadArchiveCommand({ accountId: "-", vaultName: "none", body })),
  ).rejects.toEqual(failure("ResourceNotFoundException", 404));
});

test("expedited retrievals beyond the capacity are refused, others are not", async () => {
  await using test = await startVault({ glacier: { expeditedCapacity: 1 } });
  const ArchiveId = await test.upload("x");
  await test.retrieve({ ArchiveId, Tier: "Expedited" });
  await expect(test.retrieve({ ArchiveId, Tier: "Expedited" })).rejects.toEqual(
    failure("InsufficientCapacityException", 400),
  );
  await test.retrieve({ ArchiveId, Tier: "Standard" });
  test.pass(60);
  await test.retrieve({ ArchiveId, Tier: "Expedited" });
});

test("a retrieval that is to fail is in progress first", async () => {
  await using test = await startVault({ glacier: { failingRetrievals: 1 } });
  const ArchiveId = await test.upload("x");
  const [failing, fine] = [await test.retrieve({ ArchiveId, Tier: "Expedited" }), await test.retrieve({ ArchiveId })];
  expect(await test.state(failing)).toBe("InProgress");
  test.pass(600);
  expect([await test.state(failing), await test.state(fine)]).toEqual(["Failed", "Succeeded"]);
  await expect(test.read(failing)).rejects.toEqual(failure("InvalidParameterValueException", 400));
});

test("what has been retrieved outlives its archive, what is being retrieved does not", async () => {
  await using test = await startVault();
  const archiveId = await test.upload("still here");
  const ready = await test.retrieve({ ArchiveId: archiveId, Tier: "Expedited" });
  test.pass(60);
  const late = await test.retrieve({ ArchiveId: archiveId, Tier: "Expedited" });
  await test.glacier.send(new DeleteArchiveCommand({ ...vault, archiveId }));
  await test.glacier.send(new DeleteArchiveCommand({ ...vault, archiveId }));
  test.pass(60);
  expect((await test.read(ready)).bytes.toString()).toBe("still here");
  expect(await test.state(late)).toBe("Failed");
  await expect(test.retrieve({ ArchiveId: archiveId })).rejects.toEqual(failure("ResourceNotFoundException", 404));
});

test("an inventory lists the archives of the moment it was asked for", async () => {
  await using test = await startVault();
  const first = await test.upload("one", 'says "one"');
  const json = await test.retrieve({ Type: "inventory-retrieval", Format: "JSON" });
  const csv = await test.retrieve({ Type: "inventory-retrieval", Format: "CSV" });
  await test.upload("two");
  test.pass(600);
  const output = await test.read(json);
  expect(output.contentType).toBe("application/json");
  expect(JSON.parse(output.bytes.toString())).toEqual({
    VaultARN: ARN,
    InventoryDate: NOON,
    ArchiveList: [
      {
        ArchiveId: first,
        ArchiveDescription: 'says "one"',
        CreationDate: NOON,
        Size: 3,
        SHA256TreeHash: createHash("sha256").update("one").digest("hex"),
      },
    ],
  });
  expect((await test.read(csv)).bytes.toString()).toContain(`\r\n${first},"says ""one""",${NOON},3,`);
});

test("an archive in parts has the hash of the whole", async () => {
  await using test = await startVault();
  const { glacier } = test;
  const content = pattern(2 * MIB + 77);
  const { uploadId } = await glacier.send(
    new InitiateMultipartUploadCommand({ ...vault, partSize: String(MIB), archiveDescription: "parts" }),
  );
  const put = (start: number, bytes: Buffer) =>
    glacier.send(
      new UploadMultipartPartCommand({
        ...vault,
        uploadId,
        range: `bytes ${start}-${start + bytes.length - 1}/*`,
        checksum: treeHashOf(bytes),
        body: bytes,
      }),
    );
  const complete = (whole = content) =>
    glacier.send(
      new CompleteMultipartUploadCommand({
        ...vault,
        uploadId,
        archiveSize: String(whole.length),
        checksum: treeHashOf(whole),
      }),
    );
  await put(0, Buffer.alloc(MIB, "wrong"));
  await put(0, content.subarray(0, MIB));
  await put(2 * MIB, content.subarray(2 * MIB));
  const withGap = Buffer.concat([content.subarray(0, MIB), content.subarray(2 * MIB)]);
  await expect(complete(withGap)).rejects.toEqual(failure("InvalidParameterValueException", 400));
  await expect(put(MIB + 1, content.subarray(0, 5))).rejects.toEqual(failure("InvalidParameterValueException", 400));
  await put(MIB, content.subarray(MIB, 2 * MIB));
  const { Parts } = await glacier.send(new ListPartsCommand({ ...vault, uploadId }));
  expect(Parts?.map(({ RangeInBytes }) => RangeInBytes)).toEqual([
    `0-${MIB - 1}`,
    `${MIB}-${2 * MIB - 1}`,
    `${2 * MIB}-${content.length - 1}`,
  ]);
  const { archiveId, checksum } = await complete();
  expect(checksum).toBe(treeHashOf(content));
  const jobId = await test.retrieve({ ArchiveId: archiveId, Tier: "Expedited" });
  test.pass(60);
  expect((await test.read(jobId)).bytes.equals(content)).toBe(true);
});

test("an upload in parts can be given up, and ends by itself after a day", async () => {
  await using test = await startVault();
  const start = async () =>
    (await test.glacier.send(new InitiateMultipartUploadCommand({ ...vault, partSize: String(MIB) }))).uploadId ?? "";
  const list = async () =>
    (await test.glacier.send(new ListMultipartUploadsCommand(vault))).UploadsList?.map(
      (each) => each.MultipartUploadId,
    );
  const [first, second] = [await start(), await start()];
  await test.glacier.send(new AbortMultipartUploadCommand({ ...vault, uploadId: first }));
  expect(await list()).toEqual([second]);
  test.pass(86_401);
  expect(await list()).toEqual([]);
});

test("vaults, archives and retrievals are there after a restart", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "glacier-"));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  let jobId = "";
  {
    await using test = await startVault({ dataDir });
    jobId = await test.retrieve({ ArchiveId: await test.upload("kept"), Tier: "Expedited" });
  }
  await using test = await startVault({ dataDir });
  test.pass(60);
  expect((await test.read(jobId)).bytes.toString()).toBe("kept");
  expect(await test.glacier.send(new DescribeVaultCommand(vault))).toMatchObject({ NumberOfArchives: 1 });
});
