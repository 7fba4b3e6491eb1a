/**
 * The secrets of one journey: minted at the approval, sealed with the journey, opened for the hop and the return.
 *
 * Nothing here exists before the person has allowed (requirements B-09, B-10). The verifier and nonce are ours,
 * never the client's (C-03).
 */
import { sealedRow } from '../domain/sealed.ts';
import type { Journey, JourneySecrets } from '../domain/types.ts';
import { hashSecret, newSecret } from '../security/secrets.ts';
import type { KeyRing } from '../security/vault.ts';
import type { ConsentRecord } from '../store/store.ts';

/** What recordConsent stores for an approval given now. */
export function consentRecord(journeyId: string, scopes: readonly string[], keys: KeyRing): ConsentRecord {
  const secrets: JourneySecrets = {
    upstreamState: newSecret(),
    verifier: newSecret(),
    nonce: newSecret(),
    cookie: newSecret(),
  };
  return {
    journeyId,
    scopes,
    upstreamStateHash: hashSecret(secrets.upstreamState),
    cookieHash: hashSecret(secrets.cookie),
    secretsSealed: keys.seal(JSON.stringify(secrets), sealedRow.journey(journeyId)),
  };
}

/** The journey's secrets; undefined when there are none or they do not open. */
export function openJourneySecrets(journey: Journey, keys: KeyRing): JourneySecrets | undefined {
  if (journey.secretsSealed === undefined) return undefined;
  const opened = keys.open(journey.secretsSealed, sealedRow.journey(journey.id));
  return opened === undefined ? undefined : (JSON.parse(opened) as JourneySecrets);
}
