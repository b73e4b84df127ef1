import type { Permit } from "./lease.ts";

/** The part of any SDK command that takes further steps on the way to the socket. */
interface Guarded {
  readonly middlewareStack: {
    add(step: Step, options: { readonly step: "deserialize"; readonly priority: "low"; readonly name: string }): void;
  };
}

type Step = <Args, Result>(next: (args: Args) => Promise<Result>) => (args: Args) => Promise<Result>;

/**
 * Asks the permit again when a request is signed and about to leave, also at the SDK's own second and third attempts.
 */
export function underPermit<Command extends Guarded>(command: Command, permit: Permit): Command {
  const guard: Step = (next) => async (args) => {
    permit.check();
    return next(args);
  };
  // The innermost place of the last step: nothing but the socket comes after it.
  command.middlewareStack.add(guard, { step: "deserialize", priority: "low", name: "permit" });
  return command;
}
