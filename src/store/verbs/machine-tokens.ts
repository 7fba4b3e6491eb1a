/** The verbs about tokens that clients have for themselves. Contract: MachineTokenStore in ../store.ts. */
import type { Engine } from '../engine.ts';
import { abandon, all, first } from '../statement.ts';
import { touchConfiguredClient } from '../statements/clients.ts';
import * as machine from '../statements/machine-tokens.ts';
import type { MachineTokenStore } from '../store.ts';
import type { Recorder } from './audit.ts';

export function machineTokenVerbs(engine: Engine, record: Recorder): MachineTokenStore {
  return {
    issueMachineToken: (token, trail) =>
      engine.unit(function* () {
        const { clientId, resource, scopes } = token;
        // The client's row first: whoever blocks it writes that row, and then looks for what there is to end.
        if ((yield* first(touchConfiguredClient, { id: clientId, now: trail.at })) === undefined) return abandon();
        yield* all(machine.insertMachineToken, token);
        yield* record('machine_token.issued', { clientId, resource, details: { scopes } }, trail);
        return true as const;
      }),

    findMachineToken: async (tokenHash, now) =>
      (await engine.read(machine.findLiveMachineToken, { tokenHash, now }))[0],

    revokeMachineToken: (tokenHash, clientId, trail) =>
      engine.unit(function* () {
        const token = yield* first(machine.revokeMachineToken, { tokenHash, clientId, now: trail.at });
        if (token === undefined) return false;
        yield* record('machine_token.revoked', { clientId, resource: token.resource }, trail);
        return true;
      }),
  };
}
