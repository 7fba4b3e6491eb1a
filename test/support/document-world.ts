/** A broker that can read the documents of a few made-up sites, in front of an upstream that asks nothing. */
import { type BrokerSettings, startGithubSetting } from './broker.ts';
import { type DocumentHost, startDocumentHost } from './document-host.ts';
import type { RegisteredClient } from './mcp-client.ts';

export const QUILL = 'https://quill.example/oauth/client.json';
export const QUILL_CALLBACK = 'https://quill.example/callback';

export interface DocumentWorld {
  readonly issuer: string;
  readonly hosts: DocumentHost;
  readonly setting: Awaited<ReturnType<typeof startGithubSetting>>['setting'];
  /** Publishes Quill's document with these changes; `null` leaves a member out. */
  publishQuill(changes?: Readonly<Record<string, unknown>>, headers?: Readonly<Record<string, string>>): void;
  readonly quill: RegisteredClient;
  close(): Promise<void>;
}

export interface DocumentWorldOptions extends BrokerSettings {
  /** Host names besides Quill's. */
  readonly names?: readonly string[];
  /** Members of `registration.metadata_documents`. */
  readonly documents?: Readonly<Record<string, unknown>>;
}

export async function startDocumentWorld(options: DocumentWorldOptions = {}): Promise<DocumentWorld> {
  const hosts = await startDocumentHost(['quill.example', ...(options.names ?? [])]);
  const { registration, ...settings } = options.settings ?? {};
  const documents = { development_hosts: hosts.developmentHosts, ...options.documents };
  const { setting, close } = await startGithubSetting({
    ...options,
    network: hosts.network,
    settings: { ...settings, registration: { ...(registration as object), metadata_documents: documents } },
  });
  return {
    issuer: setting.issuer,
    hosts,
    setting,
    publishQuill: (changes = {}, headers = {}) => {
      const all = { ...quillDocument(), ...changes };
      hosts.publish(QUILL, Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null)), headers);
    },
    quill: { client_id: QUILL, redirect_uris: [QUILL_CALLBACK] },
    close: async () => {
      await close();
      await hosts.close();
    },
  };
}

const quillDocument = () => ({
  client_id: QUILL,
  client_name: 'Quill',
  client_uri: 'https://quill.example/',
  redirect_uris: [QUILL_CALLBACK],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
});
