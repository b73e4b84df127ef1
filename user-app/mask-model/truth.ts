import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const Count = z.coerce.number().int().min(0).max(1000);
const Truth = z
  .object({ file: z.string().regex(/^[^/\\]+$/), faces: Count, masked: Count, unmasked: Count })
  .refine(({ faces, masked, unmasked }) => masked + unmasked === faces, "masked and unmasked must add up to faces");

/** How many faces a picture truly has. */
export type Truth = z.infer<typeof Truth>;

/** Reads `truth.csv` (file,faces,masked,unmasked) of a folder of pictures. Throws with the line that cannot be read. */
export async function readTruth(folder: string): Promise<Truth[]> {
  const [head, ...lines] = (await readFile(join(folder, "truth.csv"), "utf8")).trim().split(/\r?\n/);
  if (head !== "file,faces,masked,unmasked") {
    throw new Error(`The first line of truth.csv must be file,faces,masked,unmasked; it is ${head}.`);
  }
  return lines.map((line, index) => {
    const [file, faces, masked, unmasked] = line.split(",");
    const read = Truth.safeParse({ file, faces, masked, unmasked });
    if (read.success) return read.data;
    throw new Error(`Line ${index + 2} of truth.csv cannot be read (${line}): ${z.prettifyError(read.error)}`);
  });
}
