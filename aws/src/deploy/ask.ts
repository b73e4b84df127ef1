import { createInterface } from "node:readline/promises";

/** The answer to a question in the terminal; empty when nobody is there. */
export async function ask(question: string): Promise<string> {
  if (!process.stdin.isTTY) {
    console.log(`${question}(nobody can answer: this is not a terminal)`);
    return "";
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await terminal.question(question)).trim();
  } finally {
    terminal.close();
  }
}
