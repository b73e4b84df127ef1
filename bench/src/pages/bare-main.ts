import { readFileSync } from "node:fs";
import { createPasswordVerifier } from "@elastic-gas/shared/accounts/passwords";
import { createLogger } from "@elastic-gas/shared/logger";
import { startMaskDetector } from "@elastic-gas/user-app/masks/detector/mask-detector";
import { SHIPPED_MODEL } from "@elastic-gas/user-app/masks/model/mask-model";

/**
 * Child process: what an upload cannot do without, and nothing around it. Checks the photo and, where there is one,
 * compares the password so many times one after the other, and says how many milliseconds each time took.
 */
export interface BareWork {
  readonly times: number;
  /** Path of the photo. */
  readonly photo: string;
  readonly password: { readonly text: string; readonly hash: string } | null;
}

const passwords = createPasswordVerifier();
const detector = startMaskDetector({
  locateModel: async () => SHIPPED_MODEL,
  log: createLogger("bare", "silent"),
});
let compared = 0;
process.on("message", (work: BareWork) => void run(work).then((times) => process.send?.(times)));
process.once("disconnect", () => void detector.close().then(() => process.exit(0)));
await detector.settled();
process.send?.("ready");

async function run({ times, photo, password }: BareWork): Promise<readonly number[]> {
  const bytes = readFileSync(photo);
  const took: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const began = performance.now();
    compared += 1;
    // Another subject each time: a pair that was right is remembered.
    const isRight =
      password === null || (await passwords.verify(password.text, password.hash, { subject: `${compared}` }));
    if (!isRight) throw new Error("The password is not that of its hash.");
    const { faces } = await detector.check(bytes);
    if (faces.length === 0) throw new Error("The detector found no face.");
    took.push(performance.now() - began);
  }
  return took;
}
