/**
 * What is written and counted about requests: one line each, allow-listed, and nothing a client could smuggle in.
 */
import { Writable } from 'node:stream';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { mountHealth } from '../../src/observability/health.ts';
import { openLog } from '../../src/observability/log.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { requestEvents } from '../../src/observability/request-event.ts';
import type { AppDeps, AppEnv } from '../../src/ports.ts';

async function captured() {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(...String(chunk).split('\n').filter(Boolean));
      done();
    },
  });
  const log = await openLog({ level: 'info', format: 'json' }, destination);
  return { log, lines, parsed: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('the log', () => {
  test('writes listed fields as one JSON object per line and drops all others', async () => {
    const { log, parsed } = await captured();
    log.info(
      {
        reference: 'req_1',
        status: 200,
        access_token: 'mcb_at_secret',
        authorization: 'Bearer x',
        reason: { nested: 'x' },
      },
      'request',
    );
    const [line] = parsed();
    expect(Object.keys(line ?? {}).sort()).toEqual(['level', 'msg', 'reference', 'status', 'time']);
    expect(line).toMatchObject({ level: 'info', msg: 'request', reference: 'req_1', status: 200 });
  });

  test('spells out line breaks, terminal sequences and direction marks, and cuts what is long', async () => {
    const { log, lines, parsed } = await captured();
    log.warn({ client_id: 'a\r\n{"level":"info"}\u001b[31m\u202e', reason: 'x'.repeat(5_000) }, 'refused');
    expect(lines).toHaveLength(1);
    expect(parsed()[0]?.client_id).toBe('a\\u000d\\u000a{"level":"info"}\\u001b[31m\\u202e');
    expect(String(parsed()[0]?.reason)).toHaveLength(300);
  });

  test('tells of an error its name, code and place, but nothing that looks like a secret or a parameter', async () => {
    const { log, lines, parsed } = await captured();
    const err = Object.assign(
      new Error('Failed query: insert mcb_at_Zr5vY8mB2kQ9wX4tN7cJ1pL6hS3gD0fAeUiO params: hunter2\nmore'),
      { code: '23505' },
    );
    log.error({ err }, 'request failed');
    expect(parsed()[0]).toMatchObject({
      error_name: 'Error',
      error_code: '23505',
      error_message: 'Failed query: insert [hidden] ',
    });
    expect(String(parsed()[0]?.error_at)).toContain('observability.test.ts');
    expect(lines.join()).not.toMatch(/hunter2|Zr5vY8|more/);
  });
});

async function observedApp() {
  const { log, lines, parsed } = await captured();
  const metrics = createMetrics({ process: false });
  const config = { trustedProxies: [] as string[] } as unknown as AppDeps['config'];
  const app = new Hono<AppEnv>();
  app.use(requestEvents({ config, log, metrics, trace: { step: () => undefined }, now: () => 0 }));
  app.get('/consent/:id', (c) => {
    c.get('event').note({ client_id: 'client', outcome: 'asked' });
    c.get('event').note({ outcome: 'allowed' });
    return c.text(c.get('event').reference);
  });
  app.get('/broken', () => {
    throw new Error('boom');
  });
  app.onError((_error, c) => c.text('sorry', 500));
  return { app, metrics, lines, parsed };
}

describe('a request', () => {
  test('leaves one line with its pattern, its notes and its reference, never its path or query', async () => {
    const { app, lines, parsed } = await observedApp();
    const response = await app.request('/consent/jrn_secret-ticket?code=planted', {
      headers: { 'x-request-id': 'req_chosen' },
    });
    const reference = await response.text();
    expect(reference).toMatch(/^req_[0-9a-f]{32}$/);
    expect(parsed()).toHaveLength(1);
    expect(parsed()[0]).toMatchObject({
      level: 'info',
      event: 'request',
      reference,
      method: 'GET',
      route: '/consent/:id',
      status: 200,
      source: 'unknown',
      client_id: 'client',
      outcome: 'allowed',
    });
    expect(lines.join()).not.toMatch(/planted|jrn_secret|req_chosen/);
  });

  test('that fails is logged as an error with where it happened', async () => {
    const { app, parsed } = await observedApp();
    expect((await app.request('/broken')).status).toBe(500);
    expect(parsed()[0]).toMatchObject({ level: 'error', route: '/broken', status: 500, error_message: 'boom' });
  });

  test('to no endpoint is counted under one name, whatever it asked for', async () => {
    const { app, metrics, parsed } = await observedApp();
    await app.request('/a/b/c');
    await app.request('/wp-login.php');
    expect(parsed().map(({ route }) => route)).toEqual(['unmatched', 'unmatched']);
    expect((await metrics.render()).body).toContain(
      'broker_http_requests_total{method="get",route="unmatched",status="4xx"} 2',
    );
  });
});

describe('metrics', () => {
  test('count journeys, tokens, refusals and revocations by fixed words', async () => {
    const metrics = createMetrics({ process: false });
    metrics.journey('completed', 'success');
    metrics.journey('asked');
    metrics.tokensIssued('urn:ietf:params:oauth:grant-type:token-exchange');
    metrics.refused('token', 'invalid_grant');
    metrics.revoked('client');
    const { body } = await metrics.render();
    expect(body).toContain('broker_journeys_total{step="completed",outcome="success"} 1');
    expect(body).toContain('broker_journeys_total{step="asked",outcome="none"} 1');
    expect(body).toContain('broker_tokens_issued_total{grant_type="token-exchange"} 1');
    expect(body).toContain('broker_refusals_total{endpoint="token",error="invalid_grant"} 1');
    expect(body).toContain('broker_revocations_total{reason="client"} 1');
  });

  test('never grow with what clients choose', async () => {
    const metrics = createMetrics({ process: false });
    for (let number = 0; number < 1_000; number += 1) metrics.refused('token', `made_up_${number}`);
    metrics.refused('token', 'Bad "label"\n');
    metrics.request('CHOSEN-METHOD', 'unmatched', 404, 0.01);
    const { body } = await metrics.render();
    const series = body.split('\n').filter((line) => line.startsWith('broker_refusals_total{'));
    expect(series).toHaveLength(65);
    expect(body).toContain('broker_refusals_total{endpoint="token",error="other"} 937');
  });
});

describe('readiness', () => {
  const readyWith = async (ping: () => Promise<void>, ready: boolean) => {
    const app = new Hono<AppEnv>();
    mountHealth(app, { store: { ping, trouble: () => undefined } as AppDeps['store'], ready: () => ready });
    const response = await app.request('/readyz');
    return [response.status, await response.json()];
  };

  test('is yes while the database answers', async () => {
    expect(await readyWith(async () => undefined, true)).toEqual([200, { status: 'ready' }]);
  });

  test('is no while the database is away, and says no more than that', async () => {
    expect(await readyWith(async () => Promise.reject(new Error('password=hunter2')), true)).toEqual([
      503,
      { status: 'database' },
    ]);
  });

  test('is no once shutdown has begun, while the process still lives', async () => {
    expect(await readyWith(async () => undefined, false)).toEqual([503, { status: 'stopping' }]);
  });
});
