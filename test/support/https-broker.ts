/** A broker whose issuer is https: TLS ends in front of it, as in production, so that `__Host-` cookies are the real ones. */
import { request as forward } from 'node:http';
import { type BrokerSettings, startTestBroker } from './broker.ts';
import { freePort } from './free-port.ts';
import { makeTlsIdentity } from './tls-identity.ts';
import { startLoopbackServer } from './upstreams/loopback-server.ts';
import { startOidcUpstream } from './upstreams/oidc-upstream.ts';

const UPSTREAM_CLIENT = { client_id: 'broker-at-upstream', client_secret: 'upstream-secret-5f0c1d7e9a3b48d2' };

export async function startHttpsSetting(options: BrokerSettings = {}) {
  const port = await freePort();
  const identity = makeTlsIdentity(['localhost']);
  const front = await startLoopbackServer((request, response) => {
    const { method, url, headers } = request;
    const inner = forward({ host: '127.0.0.1', port, method, path: url, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    inner.on('error', () => response.destroy());
    request.pipe(inner);
  }, identity);
  const issuer = `https://localhost:${front.port}`;
  const upstream = await startOidcUpstream({
    clients: [{ ...UPSTREAM_CLIENT, redirect_uris: [`${issuer}/callback/corp`] }],
  });
  const setting = await startTestBroker(
    { preset: 'oidc', issuer: upstream.issuer, ...UPSTREAM_CLIENT },
    { ...options, settings: { ...options.settings, issuer } },
    port,
  );
  return {
    issuer,
    /** Straight to the listener, for calls that carry no cookie. */
    inside: `http://localhost:${port}`,
    ca: identity.cert,
    setting,
    upstream,
    close: async () => {
      await front.close();
      await setting.close();
      await upstream.close();
    },
  };
}
