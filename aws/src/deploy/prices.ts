import type { Options } from "../options.ts";

/**
 * When these prices were taken down: us-east-1, on demand, US dollars; other regions cost up to a third more. Now:
 * https://aws.amazon.com/ec2/pricing/on-demand/ https://aws.amazon.com/rds/mysql/pricing/
 * https://aws.amazon.com/elasticloadbalancing/pricing/ https://aws.amazon.com/vpc/pricing/
 * https://aws.amazon.com/cloudwatch/pricing/
 */
const PRICES_OF = "November 2025";

const HOURS = 730;
const PER_HOUR = {
  instances: {
    "t3.micro": 0.0104,
    "t3.small": 0.0208,
    "t3.medium": 0.0416,
    "t3.large": 0.0832,
    "m7i.large": 0.1008,
    "c7i.large": 0.0893,
  } as Readonly<Record<string, number>>,
  databases: {
    "t4g.micro": 0.016,
    "t4g.small": 0.032,
    "t4g.medium": 0.065,
    "m7g.large": 0.168,
  } as Readonly<Record<string, number>>,
  balancer: 0.0225,
  /** Up to 25 new connections a second and 1 GB an hour. */
  balancerUnit: 0.008,
  natGateway: 0.045,
  publicAddress: 0.005,
};
const PER_MONTH = {
  diskGb: 0.08,
  databaseGb: 0.115,
  /** Seven metrics of an instance. */
  detailedMonitoring: 2.1,
  ownMetric: 0.3,
  alarm: 0.1,
  secret: 0.4,
};
const DISK_GB = 20;
const DATABASE_GB = 20;
const BALANCER_ADDRESSES = 2;
const NAT_ADDRESSES = 1;
export const ALARMS = 10;
export const SECRETS = 4;
/** The least that the other pools have: two annotators, one utility worker. */
const OTHER_WORKERS = 3;
/** Of each worker, and four of each pool. */
const METRICS_OF_POOLS = 12;

export interface CostLine {
  readonly what: string;
  /** US dollars a month; null where the table has no price. */
  readonly dollars: number | null;
}

/**
 * What a month costs with so many web workers all the time, without data transfer, requests, logs and storage of S3.
 */
export function estimateMonth(
  options: Pick<
    Options,
    "WORKER_INSTANCE_TYPE" | "MANAGER_INSTANCE_TYPE" | "DATABASE_INSTANCE_TYPE" | "DATABASE_MULTI_AZ"
  >,
  webWorkers: number,
): readonly CostLine[] {
  const workers = webWorkers + OTHER_WORKERS;
  const machine = (type: string, count: number) => {
    const hourly = PER_HOUR.instances[type];
    return hourly === undefined
      ? null
      : count * (hourly * HOURS + DISK_GB * PER_MONTH.diskGb + PER_MONTH.detailedMonitoring);
  };
  const database = PER_HOUR.databases[options.DATABASE_INSTANCE_TYPE];
  const copies = options.DATABASE_MULTI_AZ ? 2 : 1;
  return [
    {
      what: `${workers} workers (${webWorkers} web, 2 annotators, 1 utility), ${options.WORKER_INSTANCE_TYPE}`,
      dollars: machine(options.WORKER_INSTANCE_TYPE, workers),
    },
    { what: `manager, ${options.MANAGER_INSTANCE_TYPE}`, dollars: machine(options.MANAGER_INSTANCE_TYPE, 1) },
    {
      what: `database, ${options.DATABASE_INSTANCE_TYPE}${copies === 2 ? ", with a standby" : ""}`,
      dollars: database === undefined ? null : copies * (database * HOURS + DATABASE_GB * PER_MONTH.databaseGb),
    },
    {
      what: "load balancer",
      dollars: HOURS * (PER_HOUR.balancer + PER_HOUR.balancerUnit + BALANCER_ADDRESSES * PER_HOUR.publicAddress),
    },
    { what: "NAT gateway", dollars: HOURS * (PER_HOUR.natGateway + NAT_ADDRESSES * PER_HOUR.publicAddress) },
    {
      what: "metrics, alarms, secrets",
      dollars:
        (workers + METRICS_OF_POOLS) * PER_MONTH.ownMetric + ALARMS * PER_MONTH.alarm + SECRETS * PER_MONTH.secret,
    },
  ];
}

/** Null when one of the lines has no price. */
export function totalOf(lines: readonly CostLine[]): number | null {
  return lines.reduce<number | null>(
    (sum, { dollars }) => (sum === null || dollars === null ? null : sum + dollars),
    0,
  );
}

/** The estimate at the least, some and the most web workers, as a table for the terminal. */
export function costLines(options: Parameters<typeof estimateMonth>[0]): readonly string[] {
  const sizes = [1, 4, 8];
  // Whole dollars first, so that each column adds up to its total.
  const months = sizes.map((size) =>
    estimateMonth(options, size).map(({ what, dollars: exact }) => ({
      what,
      dollars: exact === null ? null : Math.round(exact),
    })),
  );
  const dollars = (amount: number | null) =>
    (amount === null ? "not in the table" : `$${amount.toFixed(0)}`).padStart(10);
  const rows = (months[0] ?? []).map(({ what }, index) => {
    const name = index === 0 ? `workers, ${options.WORKER_INSTANCE_TYPE}, with 2 annotators and 1 utility` : what;
    return `  ${name.padEnd(56)}${months.map((lines) => dollars(lines[index]?.dollars ?? null)).join("")}`;
  });
  return [
    `Estimated cost of a month (US dollars, us-east-1, prices of ${PRICES_OF}; without data transfer, requests, logs and S3 storage):`,
    `  ${"web workers all the time".padEnd(56)}${sizes.map((size) => String(size).padStart(10)).join("")}`,
    ...rows,
    `  ${"total".padEnd(56)}${months.map((lines) => dollars(totalOf(lines))).join("")}`,
  ];
}
