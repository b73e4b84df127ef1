import { type ChildProcess, fork, type Serializable } from "node:child_process";
import { once } from "node:events";

/** A process that sends one message when it is ready, and one for each that it is sent. */
export interface Child<Answer> extends AsyncDisposable {
  readonly first: Answer;
  ask(message: Serializable): Promise<Answer>;
}

interface Started {
  /** On top of this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Node's own arguments. */
  readonly execArgv?: readonly string[];
}

export async function startChild<Answer>(
  path: string,
  { env = {}, execArgv = [] }: Started = {},
): Promise<Child<Answer>> {
  const child = fork(path, [], { execArgv: [...execArgv], env: { ...process.env, ...env } });
  const exit = once(child, "exit");
  const ended = exit.then(() => Promise.reject(new Error(`${path} ended with ${child.exitCode ?? child.signalCode}.`)));
  ended.catch(() => undefined); // told by whoever waits for an answer
  const answer = async (): Promise<Answer> => {
    const [message] = await Promise.race([once(child, "message"), ended]);
    return message as Answer; // what the file sends
  };
  return {
    first: await answer(),
    ask: (message) => {
      const answered = answer();
      child.send(message);
      return answered;
    },
    [Symbol.asyncDispose]: () => end(child, exit),
  };
}

async function end(child: ChildProcess, exit: Promise<unknown>): Promise<void> {
  if (child.connected) child.disconnect();
  await exit;
}
