/**
 * Links new audit rows to the chain, in slices, by one instance at a time (ruling 14), and queues what webhooks hear of them.
 *
 * Writers never wait for it. Must never link a row twice; the number of a link decides, the lease only spares work.
 */
import { nextSeal, sealText } from '../domain/audit-chain.ts';
import type { AppDeps } from '../ports.ts';
import { newId } from '../security/secrets.ts';
import type { Linking } from '../store/store.ts';
import { type AuditKey, isMarkedRow, sha256 } from './audit-key.ts';
import { deliveriesOf } from './webhooks.ts';

const LEASE = 'audit_sealer';
const LEASE_SECONDS = 30;
const SLICE = 200;

export type Sealing = Pick<AppDeps, 'store' | 'keys' | 'now' | 'config' | 'log'>;

/** Makes the sealer of one instance; each call links what waits and answers how many rows that were. */
export function createSealer(deps: Sealing, key: AuditKey): (goOn?: () => boolean) => Promise<number> {
  const holder = newId('lse');
  const linking = linkingOf(deps, key);
  return async (goOn = () => true) => {
    let sealed = 0;
    if (!(await deps.store.hasUnsealed())) return sealed;
    while (goOn()) {
      const now = deps.now();
      if (!(await deps.store.takeLease(LEASE, holder, now + LEASE_SECONDS, now))) return sealed;
      const seal = await deps.store.sealAudit(SLICE, linking);
      if (seal === undefined) return sealed;
      sealed += seal.rows;
      if (seal.strangers.length > 0)
        deps.log.error(
          { event: 'audit.strangers', count: seal.strangers.length },
          'audit rows were found that no instance has written',
        );
      if (seal.rows < SLICE) return sealed;
    }
    return sealed;
  };
}

function linkingOf(deps: Sealing, key: AuditKey): Linking {
  const ways = { hash: sha256, isMarked: isMarkedRow(deps.keys) };
  return {
    link: (before, rows) => {
      const seal = nextSeal(before, rows, deps.now(), ways);
      return { ...seal, mark: key.mark(sealText(seal)) };
    },
    tell: (rows) => deliveriesOf(rows, deps.config, deps.now()),
  };
}
