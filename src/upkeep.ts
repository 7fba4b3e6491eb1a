/**
 * What an instance does besides answering: it sweeps, if it is the one of all instances that does, tells upstreams
 * what has ended here, and notices signing keys that others have made. Must never do the same work twice at once, nor keep the process from ending.
 */
import { deliverRevocations } from './custody/deliver-revocations.ts';
import { KEY_LOOK_EVERY } from './domain/signing-keys.ts';
import type { AppDeps, Log } from './ports.ts';
import { newId } from './security/secrets.ts';
import type { ClientLifetimes } from './store/store.ts';

const SWEEP_EVERY_MS = 60_000;
const SWEEP_ROWS = 500;
/** One that sweeps and dies is followed by another after this long. */
const SWEEP_LEASE_SECONDS = 150;
const SWEEPER = 'sweeper';
const DELIVER_EVERY_MS = 5_000;

export interface Upkeep {
  /** Begins nothing more, and waits for what is under way for at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

export function startUpkeep(deps: AppDeps): Upkeep {
  const { clientLifetimes } = deps.config.registration;
  const holder = newId('swp');
  const repeated = [
    repeatedly(SWEEP_EVERY_MS, 'sweep', deps.log, (goOn) => sweep(deps, holder, goOn, clientLifetimes)),
    repeatedly(DELIVER_EVERY_MS, 'revocation_delivery', deps.log, async (goOn) => {
      await deliverRevocations(deps, goOn);
    }),
    repeatedly(KEY_LOOK_EVERY * 1000, 'signing_keys', deps.log, () => deps.signer.refresh()),
  ];
  return {
    stop: async (graceMs) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, graceMs);
      });
      const stopped = Promise.all(repeated.map((one) => one.stop()));
      await Promise.race([late, stopped.then(() => deps.store.dropLease(SWEEPER, holder).catch(() => undefined))]);
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
): Promise<void> {
  while (goOn() && (await store.takeLease(SWEEPER, holder, now() + SWEEP_LEASE_SECONDS, now())))
    if ((await store.sweep(now(), SWEEP_ROWS, clients)) < SWEEP_ROWS) return;
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
