/** All verbs over one engine: the store as everybody else knows it. */
import type { Engine } from '../engine.ts';
import type { Store } from '../store.ts';
import { adminKeyVerbs } from './admin-keys.ts';
import { type MarkRow, type NewId, recorder } from './audit.ts';
import { chainVerbs } from './chain.ts';
import { clientVerbs } from './clients.ts';
import { completionVerbs } from './completion.ts';
import { consoleVerbs } from './console.ts';
import { documentVerbs } from './documents.ts';
import { frontVerbs } from './front.ts';
import { houseVerbs } from './house.ts';
import { journeyVerbs } from './journeys.ts';
import { machineTokenVerbs } from './machine-tokens.ts';
import { oversightVerbs } from './oversight.ts';
import { peopleVerbs } from './people.ts';
import { registryVerbs } from './registry.ts';
import { restoreVerbs } from './restoring.ts';
import { revocationVerbs } from './revocations.ts';
import { signingKeyVerbs } from './signing-keys.ts';
import { tokenVerbs } from './tokens.ts';
import { upstreamVerbs } from './upstream.ts';
import { vaultVerbs } from './vault.ts';

export function storeOver(engine: Engine, newId: NewId, markRow?: MarkRow): Store {
  const record = recorder(newId, markRow);
  return {
    engine: engine.kind,
    ...clientVerbs(engine, record),
    ...documentVerbs(engine, record),
    ...journeyVerbs(engine, record),
    ...completionVerbs(engine, record),
    ...peopleVerbs(engine, record),
    ...tokenVerbs(engine, record),
    ...machineTokenVerbs(engine, record),
    ...upstreamVerbs(engine, record),
    ...revocationVerbs(engine, record),
    ...registryVerbs(engine, record),
    ...adminKeyVerbs(engine, record),
    ...consoleVerbs(engine, record),
    ...vaultVerbs(engine),
    ...signingKeyVerbs(engine, record),
    ...houseVerbs(engine, record),
    ...restoreVerbs(engine, record),
    ...chainVerbs(engine, record),
    ...oversightVerbs(engine, record),
    time: engine.time,
    mark: () => engine.mark(),
    marksAreExact: engine.kind === 'sqlite',
    trouble: () => engine.trouble(),
    ...frontVerbs(engine, record),
    migrationState: () => engine.migrations(),
  };
}
