/**
 * A one-time link into the console: made here, whoever asks for it, so that all are good once and kept as hashes only.
 *
 * Its address is a secret until it is claimed. Must never be logged or kept.
 */
import type { AdminRole } from '../../domain/admin-key.ts';
import type { Seconds } from '../../domain/types.ts';
import { hashSecret, newId, newSecret } from '../../security/secrets.ts';
import type { Store } from '../../store/store.ts';

interface Wanted {
  readonly role: AdminRole;
  /** Undefined: every resource. */
  readonly resources: readonly string[] | undefined;
  readonly lifetime: Seconds;
  readonly at: Seconds;
  /** Which part of the program made it, for the audit log. */
  readonly madeBy: string;
}

/** Keeps a link that can be claimed once; the answer holds its address in clear, for one person, this once. */
export async function makeOneTimeLink(
  store: Pick<Store, 'insertConsoleLink'>,
  consoleAddress: string,
  { role, resources, lifetime, at, madeBy }: Wanted,
): Promise<{ readonly id: string; readonly address: string; readonly expiresAt: Seconds }> {
  const token = newSecret();
  const link = { id: newId('adl'), role, resources, createdAt: at, expiresAt: at + lifetime };
  const trail = { at, reference: newId('req'), actor: { kind: 'system', id: madeBy } } as const;
  await store.insertConsoleLink(link, hashSecret(token), trail);
  return { id: link.id, address: `${consoleAddress}/enter/${token}`, expiresAt: link.expiresAt };
}
