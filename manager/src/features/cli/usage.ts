export const USAGE: Readonly<Record<string, string>> = {
  status: `elastic-gas status [--json]

All pools: workers by state, limits, rule, what the last check said, when the next one comes; then the alerts.
`,
  grow: `elastic-gas grow POOL [--by N | --to N] [--reason TEXT] [--json]

Adds one worker, N workers, or grows to N. Refused above the pool's maximum. The policy then leaves the pool alone
for MANUAL_HOLD_SECONDS.
`,
  shrink: `elastic-gas shrink POOL [--by N | --to N] [--reason TEXT] [--json]

Removes one worker, N workers, or shrinks to N. Refused below the pool's minimum. Workers drain before they end.
`,
  pause: `elastic-gas pause POOL [--json]

Pauses the pool's policy; lost workers are still replaced.
`,
  resume: `elastic-gas resume POOL [--json]

Lets the pool's policy decide again, from the next check on: ends a pause, and the hold after a manual change.
`,
  policy: `elastic-gas policy POOL [--json]
elastic-gas policy POOL set NAME=VALUE... [--json]
elastic-gas policy POOL --versions [--limit N] [--json]
elastic-gas policy POOL --undo [--json]

Shows the rule, its numbers and the limits; changes some of them (kind=, min= and max= too), as a new version in force
at the next check; lists saved versions; or saves the version before the last one again.
`,
  "dead-letters": `elastic-gas dead-letters [--json]
elastic-gas dead-letters send ID [--json]
elastic-gas dead-letters send --queue NAME | --all [--json]

Lists the messages that could not be handled, or puts them back into their queues: one, those of a queue, or all.
`,
  releases: `elastic-gas releases [--json]

The release in use, what was published, and the updates from one to another. ./start.sh release publishes a checkout.
`,
  update: `elastic-gas update [RELEASE] [--canary SECONDS] [--json]
elastic-gas update pause | resume | roll-back [--json]

Replaces all workers, one by one, by those of RELEASE (the first characters of its hash; the newest one unless it is
named). The first one must be in service for CANARY_SECONDS before others follow; when new ones fail, all go back by
themselves. pause, resume and roll-back steer the update that is under way.
`,
  report: `elastic-gas report [--range 30m|3h|24h|7d] [--zone America/Chicago] [--json] > report.html

Writes one HTML file about the time range: sizes of the pools, load, decisions with their reasons, costs and alerts. It
needs nothing else to be read or printed. Without --range, the past 30 minutes; --zone is the zone of its times.
`,
  users: `elastic-gas users [--json]
elastic-gas users add NAME [--email ADDRESS] [--access user|viewer|admin] [--json]
elastic-gas users invite NAME [--json]
elastic-gas users plan NAME free|premium [--json]

Lists users; creates one: with --email a link to choose a password is mailed, without it a password is made and printed
once; mails the link again; or gives Premium without a payment, or takes it away. Needs a token with scope administer.
`,
  activity: `elastic-gas activity [POOL] [--limit N] [--since 2h] [--json]

Changes and who asked for them, newest first; of the last day unless told otherwise.
`,
  decisions: `elastic-gas decisions [POOL] [--limit N] [--since 2h] [--json]

Checks and their reasons, newest first; of the last day unless told otherwise. --since takes 90s, 30m, 2h, 7d or an
ISO time such as 2026-09-07T14:00:00Z.
`,
};

export const OVERVIEW = `elastic-gas COMMAND [...]

  status                 pools, workers, limits, last check, alerts
  grow POOL              request more workers
  shrink POOL            request fewer workers
  pause POOL             stop the pool's policy; resume POOL ends a pause or a manual hold
  policy POOL            show or change rule, numbers and limits
  dead-letters           messages that could not be handled; dead-letters send puts them back
  releases               what workers run, what was published, updates
  update [RELEASE]       replace workers by a release; update pause, resume, roll-back steer it
  report                 pool sizes, load, decisions and costs of a time range as an HTML file
  users                  list users; users add, invite and plan create, invite again and change the plan
  activity [POOL]        what changed, and who asked
  decisions [POOL]       what every check said
  annotate FILE          annotate a VCF file, by the API of the annotation service; see annotate --help

Pools: web, annotator, utility. Every command takes --help, and --json for the API's own JSON.
It asks the manager's API at ELASTIC_GAS_URL (http://localhost:5000) with the token in ELASTIC_GAS_TOKEN. Make one on the
manager's page "API tokens": scope operate for changes, administer for users. Exit code 0: done; 1: refused or failed,
with the reason on stderr; 2: usage error.
`;
