/** Statements about people's own blocks, and about the destinations anybody here ever allowed. */
import { and, desc, eq, or, sql } from 'drizzle-orm';
import type { Block, Seconds, TokenHash } from '../../domain/types.ts';
import { given } from '../statement.ts';

const MOST_BLOCKS = 200;

export const insertBlock = given<Block>()('block_insert', (db, t, p) =>
  db
    .insert(t.blocks)
    .values({
      id: p.id,
      userId: p.userId,
      clientId: p.clientId,
      appKey: p.appKey,
      name: p.name,
      redirectUri: p.redirectUri,
      createdAt: p.createdAt,
    })
    .onConflictDoNothing()
    .returning(),
);

export const findBlock = given<{ userId: string; clientId: string; appKey: TokenHash }>()('block_find', (db, t, p) =>
  db
    .select()
    .from(t.blocks)
    .where(and(eq(t.blocks.userId, p.userId), or(eq(t.blocks.appKey, p.appKey), eq(t.blocks.clientId, p.clientId))))
    .limit(1),
);

export const listBlocks = given<{ userId: string }>()('block_list', (db, t, p) =>
  db
    .select()
    .from(t.blocks)
    .where(eq(t.blocks.userId, p.userId))
    .orderBy(desc(t.blocks.createdAt), desc(t.blocks.id))
    .limit(MOST_BLOCKS),
);

export const getBlock = given<{ userId: string; id: string }>()('block_get', (db, t, p) =>
  db
    .select()
    .from(t.blocks)
    .where(and(eq(t.blocks.userId, p.userId), eq(t.blocks.id, p.id))),
);

export const deleteBlock = given<{ userId: string; id: string }>()('block_delete', (db, t, p) =>
  db
    .delete(t.blocks)
    .where(and(eq(t.blocks.userId, p.userId), eq(t.blocks.id, p.id)))
    .returning(),
);

/** Whoever blocks and whoever completes for one person go one after the other. */
export const lockPerson = given<{ userId: string }>()('user_lock', (db, t, p) =>
  db
    .update(t.users)
    .set({ name: sql`${t.users.name}` })
    .where(eq(t.users.id, p.userId))
    .returning(),
);

export const keepDestination = given<{ destination: string; now: Seconds }>()('destination_keep', (db, t, p) =>
  db.insert(t.destinations).values({ destination: p.destination, firstAllowedAt: p.now }).onConflictDoNothing(),
);

export const findDestination = given<{ destination: string }>()('destination_find', (db, t, p) =>
  db.select().from(t.destinations).where(eq(t.destinations.destination, p.destination)),
);
