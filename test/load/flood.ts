/**
 * Registrations by the thousand, from many addresses behind a trusted proxy or from one, and a journey in the midst of it.
 *
 * Used by the short form in `npm test` and by the command that floods a broker in a process of its own.
 */
import { Agent, request } from 'node:http';
import { obtainTokens } from '../support/journey-steps.ts';
import { type RegisteredClient, register } from '../support/mcp-client.ts';

export interface Flood {
  readonly registrations: number;
  readonly addresses: number;
  /** Requests under way at once. */
  readonly parallel: number;
}

export interface FloodReport {
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Journeys of an honest person and client that reached a token meanwhile, and those that did not. */
  readonly journeys: { readonly completed: number; readonly failed: readonly string[] };
  readonly seconds: number;
}

/** The `number`th address of the flooders. */
const addressOf = (number: number): string => `198.51.${100 + Math.floor(number / 250)}.${1 + (number % 250)}`;

/** Floods `issuer`, whose proxy we are, while honest journeys follow one another. */
export async function flood(issuer: string, { registrations, addresses, parallel }: Flood): Promise<FloodReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: parallel });
  const statuses: Record<string, number> = {};
  const begun = performance.now();
  let next = 0;
  const flooder = async () => {
    for (let number = next++; number < registrations; number = next++) {
      const status = await registerFrom(issuer, addressOf(number % addresses), number, agent);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  const flooding = Promise.all(Array.from({ length: parallel }, flooder)).then(() => {
    next = Number.POSITIVE_INFINITY;
  });
  const [journeys] = await Promise.all([honestJourneys(issuer, () => next >= registrations), flooding]);
  agent.destroy();
  return { statuses, journeys, seconds: (performance.now() - begun) / 1000 };
}

/** One client, registered in the midst of it, and its journeys: at least one, and another as long as the flood goes on. */
async function honestJourneys(issuer: string, isOver: () => boolean): Promise<FloodReport['journeys']> {
  let completed = 0;
  let client: RegisteredClient | undefined;
  const failed: string[] = [];
  do {
    try {
      client ??= await register(issuer);
      await obtainTokens(issuer, { client });
      completed += 1;
    } catch (error) {
      failed.push(String(error));
    }
  } while (!isOver() && completed + failed.length < 20);
  return { completed, failed };
}

function registerFrom(issuer: string, address: string, number: number, agent: Agent): Promise<number> {
  const body = JSON.stringify({
    client_name: `Flood ${number}`,
    redirect_uris: [`http://127.0.0.1:${1024 + (number % 60_000)}/callback`],
    token_endpoint_auth_method: 'none',
  });
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'x-forwarded-for': address,
    };
    const sent = request(`${issuer}/register`, { method: 'POST', headers, agent }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
