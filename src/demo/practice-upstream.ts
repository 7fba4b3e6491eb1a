/**
 * A real OpenID provider to practise with: three people, no passwords, and a memory for consent.
 *
 * Like the big providers it never asks twice for an application it knows, and with a live session it answers at once:
 * exactly the behaviour a consent broker must protect people from. Everything lives in memory.
 * Must never be started for real people, and never listen anywhere but loopback.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Provider } from 'oidc-provider';
import { grantPage, homePage, PAGE_HEADERS, type PracticePerson, problemPage, signInPage } from './practice-pages.ts';
import { COOKIES, createPracticeProvider, memoryKey, type PracticeOptions } from './practice-provider.ts';

export type { PracticeClient, PracticeOptions } from './practice-provider.ts';

export interface PracticeUpstream {
  readonly issuer: string;
  close(): Promise<void>;
}

const PRACTICE_PEOPLE: readonly PracticePerson[] = [
  { sub: 'maya', name: 'Maya' },
  { sub: 'jonas', name: 'Jonas' },
  { sub: 'aiko', name: 'Aiko' },
];

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);

/** Starts it. Rejects with a plain message when the development dependencies are not installed. */
export async function startPracticeUpstream(options: PracticeOptions): Promise<PracticeUpstream> {
  if (!LOOPBACK_HOSTS.has(options.host)) throw new Error('the practice upstream listens on loopback only');
  const people = options.people ?? PRACTICE_PEOPLE;
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const issuer = `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`;
  const remembered = new Map<string, string>();
  try {
    const provider = await createPracticeProvider(issuer, options, people, remembered);
    const pages = practicePages(provider, people, remembered);
    server.on('request', (request, response) => {
      options.watch?.(request);
      pages(request, response);
    });
  } catch (error) {
    server.close();
    throw error;
  }
  return { issuer, close: () => closeServer(server) };
}

function practicePages(
  provider: Provider,
  people: readonly PracticePerson[],
  remembered: Map<string, string>,
): RequestListener {
  const library = provider.callback();
  return (request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    if (path === '/') return sendPage(response, 200, homePage(false));
    if (path === '/sign-out' && request.method === 'POST') {
      const gone = [COOKIES.session, `${COOKIES.session}.sig`].map(
        (name) => `${name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax`,
      );
      response.setHeader('set-cookie', gone);
      return sendPage(response, 200, homePage(true));
    }
    if (!path.startsWith('/interaction/')) return void library(request, response);
    interact(provider, people, remembered, request, response).catch(() => {
      if (!response.headersSent)
        sendPage(response, 400, problemPage('This sign-in is over. Go back to the application and start again.'));
    });
  };
}

function sendPage(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, PAGE_HEADERS).end(body);
}

async function interact(
  provider: Provider,
  people: readonly PracticePerson[],
  remembered: Map<string, string>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const details = await provider.interactionDetails(request, response);
  const clientId = String(details.params.client_id);
  const client = await provider.Client.find(clientId);
  const application = client?.clientName ?? clientId;
  const scopes = String(details.params.scope ?? '').split(' ');
  const accountId = details.session?.accountId;

  if (request.method !== 'POST') {
    if (details.prompt.name === 'login') return sendPage(response, 200, signInPage(application, people));
    const person = people.find(({ sub }) => sub === accountId);
    return sendPage(response, 200, grantPage(application, person?.name ?? '', scopes));
  }

  const form = new URLSearchParams(await text(request));
  if (form.get('decision') === 'deny') {
    const result = { error: 'access_denied', error_description: 'The person said no.' };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
  if (details.prompt.name === 'login') {
    const person = people.find(({ sub }) => sub === form.get('person'));
    if (person === undefined) return sendPage(response, 400, problemPage('There is no such person here.'));
    return provider.interactionFinished(
      request,
      response,
      { login: { accountId: person.sub } },
      { mergeWithLastSubmission: false },
    );
  }
  const known = remembered.get(memoryKey(accountId, clientId));
  const grant = (known && (await provider.Grant.find(known))) || new provider.Grant({ accountId, clientId });
  grant.addOIDCScope(scopes.join(' '));
  const grantId = await grant.save();
  remembered.set(memoryKey(accountId, clientId), grantId);
  return provider.interactionFinished(request, response, { consent: { grantId } }, { mergeWithLastSubmission: true });
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
