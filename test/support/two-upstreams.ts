/** A broker with two GitHub-shaped upstreams and a resource at each. */
import { startTestBroker, type TestBroker } from './broker.ts';
import { freePort } from './free-port.ts';
import { type GithubUpstream, startGithubUpstream } from './upstreams/github-upstream.ts';

const clientAt = (name: string) => ({ client_id: `broker-at-${name}`, client_secret: `upstream-secret-of-${name}` });
export const credentialOf = (resource: string): string => `${resource}-credential-Zr6Yw1Ht8Kq3Vd5Xc9Bm2Pf`;
export const urlOf = (resource: string): string => `https://${resource}.example.com/mcp`;

const SCOPES = {
  about: { title: 'See who you are', risk: 'view' },
  read: { title: 'Read code', risk: 'view', upstream: ['public_repo'] },
  write: { title: 'Write code', risk: 'change', upstream: ['repo'], implies: ['read'] },
};

export interface TwoUpstreams {
  readonly setting: TestBroker;
  readonly east: GithubUpstream;
  readonly west: GithubUpstream;
  close(): Promise<void>;
}

/** Resources `tides` and `trees` are at `east`, `woods` is at `west`. */
export async function startTwoUpstreams(): Promise<TwoUpstreams> {
  const port = await freePort();
  const start = (name: string) =>
    startGithubUpstream({ ...clientAt(name), redirect_uris: [`http://localhost:${port}/callback/${name}`] });
  const east = await start('east');
  const west = await start('west');
  const upstream = (name: string, server: GithubUpstream) => ({
    preset: 'github',
    ...clientAt(name),
    authorization_endpoint: server.authorizationEndpoint,
    token_endpoint: server.tokenEndpoint,
    userinfo_endpoint: server.userinfoEndpoint,
  });
  const resource = (name: string, at: string) => ({
    ...{ url: urlOf(name), name, upstream: at, credential: credentialOf(name), scopes: SCOPES },
  });
  const settings = {
    upstreams: { east: upstream('east', east), west: upstream('west', west) },
    resources: { tides: resource('tides', 'east'), trees: resource('trees', 'east'), woods: resource('woods', 'west') },
  };
  const setting = await startTestBroker({}, { settings }, port);
  return {
    ...{ setting, east, west },
    close: async () => {
      await setting.close();
      await Promise.all([east.close(), west.close()]);
    },
  };
}
