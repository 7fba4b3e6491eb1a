/** Every statement there is, so that SQLite can prepare them all at open. */
import type { AnyStatement } from '../statement.ts';
import * as adminKeys from './admin-keys.ts';
import * as approvals from './approvals.ts';
import * as blocks from './blocks.ts';
import * as chain from './chain.ts';
import * as clients from './clients.ts';
import * as console from './console.ts';
import * as documents from './documents.ts';
import * as front from './front.ts';
import * as grants from './grants.ts';
import * as house from './house.ts';
import * as journeys from './journeys.ts';
import * as liveAccess from './live-access.ts';
import * as machineTokens from './machine-tokens.ts';
import * as oversight from './oversight.ts';
import * as pending from './pending.ts';
import * as people from './people.ts';
import * as registrations from './registrations.ts';
import * as registry from './registry.ts';
import * as repeatable from './repeatable.ts';
import * as restoring from './restoring.ts';
import * as revocations from './revocations.ts';
import * as sweep from './sweep.ts';
import * as tokens from './tokens.ts';
import * as upstream from './upstream.ts';
import * as vault from './vault.ts';
import * as webhooks from './webhooks.ts';

const isStatement = (exported: unknown): exported is AnyStatement =>
  typeof exported === 'object' && exported !== null && 'build' in exported;

export const statements: readonly AnyStatement[] = [
  ...[
    adminKeys,
    approvals,
    blocks,
    clients,
    documents,
    front,
    grants,
    house,
    journeys,
    liveAccess,
    machineTokens,
    pending,
  ],
  ...[
    people,
    registrations,
    registry,
    restoring,
    revocations,
    sweep,
    tokens,
    upstream,
    vault,
    chain,
    oversight,
    webhooks,
    console,
    repeatable,
  ],
]
  .flatMap((room) => Object.values(room).flat() as unknown[])
  .filter(isStatement);
