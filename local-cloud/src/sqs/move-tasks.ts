import { randomUUID } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type CancelMessageMoveTaskCommandInput,
  type CancelMessageMoveTaskCommandOutput,
  type ListMessageMoveTasksCommandInput,
  type ListMessageMoveTasksCommandOutput,
  ResourceNotFoundException,
  type StartMessageMoveTaskCommandInput,
  type StartMessageMoveTaskCommandOutput,
} from "@aws-sdk/client-sqs";
import { z } from "zod";
import { Fault, type Handler } from "../wire/handler.ts";
import { queueNameOfArn, type SqsContext } from "./context.ts";
import { checkRange } from "./message.ts";
import { redrivePolicyOf } from "./queue-attributes.ts";

const CHUNK = 100; // messages moved per commit

const Task = z.object({
  handle: z.string(),
  sourceArn: z.string(),
  destinationArn: z.string().nullable(),
  perSecond: z.number().nullable(),
  status: z.enum(["RUNNING", "COMPLETED", "CANCELLED", "FAILED"]),
  startedAt: z.number(),
  total: z.number(),
  moved: z.number(),
  failure: z.string().nullable(),
});
type Task = z.infer<typeof Task>;

/** Moves the messages of a dead-letter queue back to where they came from. A task goes on after a restart. */
export function moveTaskOperations(context: SqsContext, db: DatabaseSync) {
  const { queues, messages, commit, waiters, log, now } = context;
  const tasks = new TaskStore(db);
  const closing = new AbortController();
  const running = new Set<Promise<void>>();
  for (const task of tasks.listRunning()) start(task);

  const StartMessageMoveTask: Handler<StartMessageMoveTaskCommandInput, StartMessageMoveTaskCommandOutput> = async (
    input,
  ) => {
    checkRange("MaxNumberOfMessagesPerSecond", input.MaxNumberOfMessagesPerSecond, 1, 500);
    const source = get(input.SourceArn, "source");
    if (input.DestinationArn !== undefined) get(input.DestinationArn, "destination");
    const feeds = queues.list().some((queue) => deadLetterNameOf(queue.attributes) === source.name);
    if (!feeds) throw new Fault("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.");
    if (tasks.list(input.SourceArn ?? "").some(({ status }) => status === "RUNNING")) {
      throw new Fault(
        "InvalidParameterValue",
        "There is already a task running. Only one active task is allowed for a source queue.",
      );
    }
    const task: Task = {
      handle: Buffer.from(JSON.stringify({ taskId: randomUUID(), sourceArn: input.SourceArn })).toString("base64"),
      sourceArn: input.SourceArn ?? "",
      destinationArn: input.DestinationArn ?? null,
      perSecond: input.MaxNumberOfMessagesPerSecond ?? null,
      status: "RUNNING",
      startedAt: now().getTime(),
      total: messages.listVisible(source.id, { now: now().getTime(), sentAfter: 0, limit: -1 }).length,
      moved: 0,
      failure: null,
    };
    tasks.save(task);
    start(task);
    return { TaskHandle: task.handle };
  };

  const ListMessageMoveTasks: Handler<ListMessageMoveTasksCommandInput, ListMessageMoveTasksCommandOutput> = async (
    input,
  ) => {
    checkRange("MaxResults", input.MaxResults, 1, 10);
    get(input.SourceArn, "source");
    const newest = tasks.list(input.SourceArn ?? "").slice(0, input.MaxResults ?? 1);
    return {
      Results: newest.map((task) => ({
        TaskHandle: task.status === "RUNNING" ? task.handle : undefined,
        Status: task.status,
        SourceArn: task.sourceArn,
        DestinationArn: task.destinationArn ?? undefined,
        MaxNumberOfMessagesPerSecond: task.perSecond ?? undefined,
        ApproximateNumberOfMessagesMoved: task.moved,
        ApproximateNumberOfMessagesToMove: task.total,
        FailureReason: task.failure ?? undefined,
        StartedTimestamp: task.startedAt,
      })),
    };
  };

  const CancelMessageMoveTask: Handler<CancelMessageMoveTaskCommandInput, CancelMessageMoveTaskCommandOutput> = async (
    input,
  ) => {
    const task = tasks.find(input.TaskHandle ?? "");
    if (task?.status !== "RUNNING") throw notFound("The task does not exist or is not running.");
    tasks.save({ ...task, status: "CANCELLED" });
    return { ApproximateNumberOfMessagesMoved: task.moved };
  };

  function get(arn: string | undefined, which: string) {
    const queue = queues.find(queueNameOfArn(arn));
    if (!queue) throw notFound(`The resource that you specified for the ${which}Arn parameter doesn't exist.`);
    return queue;
  }

  function start(task: Task): void {
    const run = moveAll(task.handle).catch((error: unknown) => {
      log.error({ error, sourceArn: task.sourceArn }, "message move task failed");
      tasks.save({ ...(tasks.find(task.handle) ?? task), status: "FAILED", failure: "InternalError" });
    });
    running.add(run);
    void run.finally(() => running.delete(run));
  }

  async function moveAll(handle: string): Promise<void> {
    while (!closing.signal.aborted) {
      const task = tasks.find(handle);
      if (task?.status !== "RUNNING") return;
      const movedTo = await commit.run(() => moveSome(task));
      for (const queueId of movedTo) waiters.wake(queueId, 1);
      if (movedTo.length === 0) return;
      if (task.perSecond !== null)
        await sleep((1000 * movedTo.length) / task.perSecond, undefined, { signal: closing.signal }).catch(
          () => undefined,
        ); // aborted: closing;
    }
  }

  /** One chunk, and the task's progress in the same commit. Returns where each message went. */
  function moveSome(task: Task): readonly number[] {
    const at = now().getTime();
    const source = queues.find(queueNameOfArn(task.sourceArn));
    const limit = Math.min(CHUNK, task.perSecond ?? CHUNK);
    const found = source ? messages.listVisible(source.id, { now: at, sentAfter: 0, limit }) : [];
    if (found.length === 0) {
      tasks.save({ ...task, status: "COMPLETED" });
      return [];
    }
    const destinations: number[] = [];
    for (const { sequence, movedFrom } of found) {
      const name = task.destinationArn === null ? movedFrom : queueNameOfArn(task.destinationArn);
      const destination = queues.find(name ?? "");
      if (!destination) {
        tasks.save({
          ...task,
          moved: task.moved + destinations.length,
          status: "FAILED",
          failure: "CouldNotDetermineMessageSource",
        });
        return destinations;
      }
      messages.move(sequence, { queueId: destination.id, movedFrom: null, now: at });
      destinations.push(destination.id);
    }
    tasks.save({ ...task, moved: task.moved + destinations.length });
    return destinations;
  }

  return {
    handlers: { StartMessageMoveTask, ListMessageMoveTasks, CancelMessageMoveTask },
    async close(): Promise<void> {
      closing.abort();
      await Promise.all(running);
    },
  };
}

class TaskStore {
  readonly #save: StatementSync;
  readonly #find: StatementSync;
  readonly #list: StatementSync;
  readonly #running: StatementSync;

  constructor(db: DatabaseSync) {
    db.exec(
      "create table if not exists move_tasks (handle text primary key, source_arn text not null, status text not null, body text not null) strict",
    );
    this.#save = db.prepare("insert or replace into move_tasks (handle, source_arn, status, body) values (?, ?, ?, ?)");
    this.#find = db.prepare("select body from move_tasks where handle = ?");
    this.#list = db.prepare(
      "select body from move_tasks where source_arn = ? order by body ->> 'startedAt' desc, rowid desc",
    );
    this.#running = db.prepare("select body from move_tasks where status = 'RUNNING'");
  }

  save(task: Task): void {
    this.#save.run(task.handle, task.sourceArn, task.status, JSON.stringify(task));
  }

  find(handle: string): Task | undefined {
    const row = this.#find.get(handle);
    return row && fromRow(row);
  }

  /** Newest first. */
  list(sourceArn: string): readonly Task[] {
    return this.#list.all(sourceArn).map(fromRow);
  }

  listRunning(): readonly Task[] {
    return this.#running.all().map(fromRow);
  }
}

function fromRow(row: Record<string, unknown>): Task {
  return Task.parse(JSON.parse(String(row.body)));
}

function deadLetterNameOf(attributes: Readonly<Record<string, string>>): string | undefined {
  const policy = redrivePolicyOf(attributes);
  return policy ? queueNameOfArn(policy.deadLetterTargetArn) : undefined;
}

function notFound(message: string): ResourceNotFoundException {
  return new ResourceNotFoundException({ message, $metadata: {} });
}
