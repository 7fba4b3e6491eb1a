/**
 * What an instance does besides answering: it sweeps, if it is the one of all instances that does, tells upstreams and
 * webhooks what has happened, links the audit log, and notices signing keys that others have made. Must never do the same
 * work twice at once, nor keep the process from ending.
 */
import type { AuditKey } from './audit/audit-key.ts';
import { createTeller } from './audit/deliver-webhooks.ts';
import { createSealer } from './audit/sealer.ts';
import type { FlowTrace } from './audit/trace.ts';
import { deliverRevocations } from './custody/deliver-revocations.ts';
import { KEY_LOOK_EVERY } from './domain/signing-keys.ts';
import type { AppDeps, Log } from './ports.ts';
import type { SafeFetch } from './security/safe-fetch.ts';
import { newId } from './security/secrets.ts';
import type { ClientLifetimes, Kept } from './store/store.ts';

const SWEEP_EVERY_MS = 60_000;
const SWEEP_ROWS = 500;
/** One that sweeps and dies is followed by another after this long. */
const SWEEP_LEASE_SECONDS = 150;
const SWEEPER = 'sweeper';
const DELIVER_EVERY_MS = 5_000;
const TELL_EVERY_MS = 2_000;
const SEAL_EVERY_MS = 2_000;
const TRACE_EVERY_MS = 250;

export interface Upkeep {
  /** Begins nothing more, and waits for what is under way for at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

interface Parts {
  readonly auditKey: AuditKey;
  readonly fetch: SafeFetch;
  readonly trace: FlowTrace;
}

export function startUpkeep(deps: AppDeps, { auditKey, fetch, trace }: Parts): Upkeep {
  const { config, log } = deps;
  const teller = createTeller({ ...deps, post: fetch });
  const seal = createSealer(deps, auditKey);
  const kept = { trace: config.traceKept, waiting: config.registration.quarantineExpiry };
  const holder = newId('swp');
  const repeated = [
    repeatedly(SWEEP_EVERY_MS, 'sweep', deps.log, (goOn) =>
      sweep(deps, holder, goOn, config.registration.clientLifetimes, kept),
    ),
    repeatedly(DELIVER_EVERY_MS, 'revocation_delivery', deps.log, async (goOn) => {
      await deliverRevocations(deps, goOn);
    }),
    repeatedly(KEY_LOOK_EVERY * 1000, 'signing_keys', deps.log, () => deps.signer.refresh()),
    repeatedly(SEAL_EVERY_MS, 'audit_sealing', log, async (goOn) => {
      await seal(goOn);
    }),
    repeatedly(TELL_EVERY_MS, 'webhook_delivery', log, (goOn) => teller.begin(goOn)),
    repeatedly(TRACE_EVERY_MS, 'trace', log, () => trace.flush()),
  ];
  return {
    stop: async (graceMs) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, graceMs);
      });
      const stopped = Promise.all(repeated.map((one) => one.stop()))
        .then(() => teller.settled())
        .then(() => trace.flush())
        .then(() => deps.store.dropLease(SWEEPER, holder))
        .catch((err: unknown) => log.warn({ event: 'upkeep.failed', err }, 'what was left at the end is not written'));
      await Promise.race([late, stopped]);
      clearTimeout(timer);
    },
  };
}

/**
 * Removes what is past keeping in small steps, as long as this instance is the one that does. The lease is asked for
 * again before every step, so an instance that was stopped in between finds out that another has taken over.
 */
export async function sweep(
  { store, now }: Pick<AppDeps, 'store' | 'now'>,
  holder: string,
  goOn: () => boolean,
  clients?: ClientLifetimes,
  kept?: Kept,
): Promise<void> {
  while (goOn() && (await store.takeLease(SWEEPER, holder, now() + SWEEP_LEASE_SECONDS, now())))
    if ((await store.sweep(now(), SWEEP_ROWS, clients, kept)) < SWEEP_ROWS) return;
}

interface Repeated {
  stop(): Promise<void>;
}

/** Never twice at once; a failure is logged and tried again at the next turn. */
function repeatedly(everyMs: number, what: string, log: Log, work: (goOn: () => boolean) => Promise<void>): Repeated {
  let running: Promise<void> | undefined;
  let stopped = false;
  const turn = async () => {
    try {
      await work(() => !stopped);
    } catch (err) {
      log.warn({ event: `${what}.failed`, err }, `${what} failed`);
    }
    running = undefined;
  };
  const timer = setInterval(() => {
    running ??= turn();
  }, everyMs);
  timer.unref();
  return {
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}
