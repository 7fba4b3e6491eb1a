/**
 * Why the broker itself blocks a client: as the first step of an end that its holder or the configuration has asked for.
 *
 * Such a block says that the row is on its way out; only whoever asked may go on with it or take it back. No administrator
 * may give one of these words as a reason, so that their block can never be taken for one of ours.
 */
export const DEREGISTERED = 'deregistered';
export const UNCONFIGURED = 'unconfigured';

export const OWN_BLOCKS: readonly string[] = [DEREGISTERED, UNCONFIGURED];

/** Whether this reason of a block is one of ours. */
export const isOwnBlock = (reason: string | undefined): boolean => reason !== undefined && OWN_BLOCKS.includes(reason);
