/**
 * What a running instance does besides answering: sweeping, telling upstreams and webhooks, linking the audit log.
 *
 * Each task never runs twice at once in one instance; between instances the store's leases decide. A failure is logged
 * and tried again at the next turn.
 */
import type { AuditKey } from './audit/audit-key.ts';
import { deliverWebhooks } from './audit/deliver-webhooks.ts';
import { createSealer } from './audit/sealer.ts';
import type { FlowTrace } from './audit/trace.ts';
import { deliverRevocations } from './custody/deliver-revocations.ts';
import type { AppDeps, Log } from './ports.ts';
import type { SafeFetch } from './security/safe-fetch.ts';

const SWEEP_EVERY_MS = 60_000;
const SWEEP_ROWS = 500;
const DELIVER_EVERY_MS = 5_000;
const TELL_EVERY_MS = 2_000;
const SEAL_EVERY_MS = 2_000;
const TRACE_EVERY_MS = 250;

export interface Upkeep {
  /** Ends every task when its present step is done; what the trace still holds is written. */
  stop(): Promise<void>;
}

interface Parts {
  readonly auditKey: AuditKey;
  readonly fetch: SafeFetch;
  readonly trace: FlowTrace;
}

export function startUpkeep(deps: AppDeps, { auditKey, fetch, trace }: Parts): Upkeep {
  const { store, now, config, log } = deps;
  const seal = createSealer(deps, auditKey);
  const kept = { trace: config.traceKept, waiting: config.registration.quarantineExpiry };
  const tasks = [
    repeatedly(SWEEP_EVERY_MS, 'sweep', log, async (goOn) => {
      while (goOn() && (await store.sweep(now(), SWEEP_ROWS, kept)) >= SWEEP_ROWS);
    }),
    repeatedly(DELIVER_EVERY_MS, 'revocation_delivery', log, async (goOn) => {
      await deliverRevocations(deps, goOn);
    }),
    repeatedly(SEAL_EVERY_MS, 'audit_sealing', log, async (goOn) => {
      await seal(goOn);
    }),
    repeatedly(TELL_EVERY_MS, 'webhook_delivery', log, async (goOn) => {
      await deliverWebhooks({ ...deps, post: fetch }, goOn);
    }),
    repeatedly(TRACE_EVERY_MS, 'trace', log, () => trace.flush()),
  ];
  return {
    stop: async () => {
      await Promise.all(tasks.map((task) => task.stop()));
      await trace.flush().catch((err: unknown) => log.warn({ event: 'trace.failed', err }, 'trace failed'));
    },
  };
}

interface Repeated {
  stop(): Promise<void>;
}

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
