import { Readable } from "node:stream";
import type { User } from "@elastic-gas/shared/accounts/users";
import { cleanFileName } from "@elastic-gas/shared/clean-file-name";
import { ZipFile } from "yazl";
import { type ObjectAddress, openObject } from "../annotations/files.ts";
import { logOfFailed } from "../annotations/read-log.ts";
import { resultFileName } from "../annotations/result-file-name.ts";
import { statesOf } from "../annotations/state-of.ts";
import type { Deps } from "../web/deps.ts";
import { listOwnJobs, listOwnPhotos, listOwnTokens, readOwnProfile } from "./queries.ts";

type ZipDeps = Pick<Deps, "db" | "downloads" | "resources" | "config" | "now" | "log">;

interface Entry {
  readonly path: string;
  readonly address: ObjectAddress;
  readonly at: Date;
  /** Pictures and what is packed already do not get smaller. */
  readonly compress: boolean;
}

const README = `Your data at Elastic GAS.

profile.json       the account, its subscriptions and API tokens (without passwords and secrets, which are kept as hashes only)
annotations.json   every job, with what was found
annotations/       a folder for each job: the input, the result as long as it can be downloaded, the log
photos.json        every photo, with the faces that were found (pixels of the upright picture)
photos/            the originals, and the copies with frames

Archived results are not in here: Premium restores them. Times are UTC.
`;

/**
 * Everything of a user as one zip. Objects are opened one after the other while the stream is read, so that memory does
 * not grow with what somebody owns; the stream ends with an error when one cannot be read.
 */
export async function zipOwnData(deps: ZipDeps, user: User): Promise<Readable> {
  const { db, downloads, now } = deps;
  const [profile, jobs, photos, tokens] = await Promise.all([
    readOwnProfile(db, user.id),
    listOwnJobs(db, user.id),
    listOwnPhotos(db, user.id),
    listOwnTokens(db, user.id),
  ]);
  const { results, inputs, images } = deps.resources.buckets;
  const states = await statesOf(deps, user.role, jobs);
  const jobFiles = jobs.flatMap((job, index): readonly Entry[] => {
    const at = job.submittedAt;
    const file = (name: string, bucket: string, key: string | null) =>
      key === null
        ? []
        : [{ path: entryPath("annotations", job.id, name), address: { bucket, key }, at, compress: true }];
    return [
      ...file(job.inputName, inputs, job.inputDeletedAt === null ? job.inputKey : null),
      ...file(resultFileName(job), results, states[index]?.kind === "available" ? job.resultKey : null),
      ...file(logName(job.inputName), results, job.logKey),
    ];
  });
  const photoFiles = photos.flatMap(({ id, fileName, originalKey, annotatedKey, createdAt: at }): readonly Entry[] => [
    { path: entryPath("photos", id, fileName), address: { bucket: images, key: originalKey }, at, compress: false },
    {
      path: entryPath("photos", id, "with-frames.jpg"),
      address: { bucket: images, key: annotatedKey },
      at,
      compress: false,
    },
  ]);

  const zip = new ZipFile();
  const addText = (path: string, text: string) => zip.addBuffer(Buffer.from(text), path, { mtime: now() });
  const addJson = (path: string, value: unknown) => addText(path, `${JSON.stringify(value, null, 2)}\n`);
  addText("README.txt", README);
  addJson("profile.json", { ...profile, tokens });
  addJson(
    "annotations.json",
    jobs.map(({ inputKey, resultKey, logKey, failedLog, ...job }) => job),
  );
  for (const { id, inputName, failedLog, failure } of jobs)
    if (failedLog !== null) addText(entryPath("annotations", id, logName(inputName)), logOfFailed(failedLog, failure));
  addJson(
    "photos.json",
    photos.map(({ originalKey, annotatedKey, ...photo }) => photo),
  );
  for (const { path, address, at, compress } of [...jobFiles, ...photoFiles]) {
    zip.addReadStreamLazy(path, { mtime: at, compress }, (give) => {
      openObject(downloads.s3, address)
        // Deleted since the lists were read: an empty file stands for it.
        .then((bytes) => give(null, bytes === undefined ? Readable.from([]) : Readable.from(bytes)))
        .catch((error: unknown) => give(error, Readable.from([])));
    });
  }
  zip.end();
  const { outputStream } = zip;
  if (!(outputStream instanceof Readable)) throw new TypeError("yazl gave no stream");
  zip.on("error", (error) => outputStream.destroy(error));
  return outputStream;
}

function logName(inputName: string): string {
  return `${inputName}.count.log`;
}

function entryPath(...[folder, id, name]: readonly [folder: string, id: string, name: string]): string {
  return `${folder}/${id}/${cleanFileName(name, "file").replace(/^\.+$/, "file")}`;
}
