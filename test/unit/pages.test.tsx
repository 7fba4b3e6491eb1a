import { describe, expect, it } from 'vitest';
import { ConsentPage } from '../../views/consent-page.tsx';
import { ErrorPage } from '../../views/error-page.tsx';
import { ABILITIES, identityOf, NAMES } from '../../views/fixture-facts.ts';
import { fixturesFor } from '../../views/fixtures.ts';
import { documentOf } from '../../views/layout.tsx';
import { LANGUAGES, textFor } from '../../views/messages/catalog.ts';
import type { ConsentModel, ErrorModel, Frame } from '../../views/models.ts';

const FRAME: Frame = {
  brand: { name: 'Northwind MCP', logoUrl: undefined, supportUrl: 'https://help.northwind.example' },
  stylesheets: ['/assets/sheet.css'],
  demo: false,
  timeZone: 'Europe/Berlin',
  now: 1_795_181_580,
  account: { name: 'maya@northwind.example', signOut: undefined },
  whyUrl: '/help/why',
  accountUrl: '/account',
  reportUrl: undefined,
};
const en = textFor('en');
const fixtures = fixturesFor(FRAME).map(({ name, page }) => ({ name, html: documentOf(page(en)) }));
const page = (name: string) => fixtures.find((one) => one.name === name)?.html ?? '';
const consents = fixtures.filter(({ name }) => name.startsWith('consent-'));
const linkOnly = fixtures.filter(({ name }) => /^(error|hand-off|different)/.test(name));

function textOf(html: string): string {
  return html
    .replace(/<(?:wbr|\/?b|\/?bdi|\/?strong|\/?span|\/?time)[^>]*>/g, '')
    .replace(/<[^>]+>/g, '\n')
    .replaceAll('&#39;', '’')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}
const outsideDetails = (html: string) => html.replace(/<details[\s\S]*?<\/details>/g, '');
const headingOf = (html: string) => textOf(/<h1>([\s\S]*?)<\/h1>/.exec(html)?.[1] ?? '').trim();

describe('every page', () => {
  it.each(fixtures)('$name holds nothing the policy would refuse', ({ html }) => {
    expect(html).not.toMatch(/<script|<style|\sstyle=|\son[a-z]+=|javascript:|data:/i);
    expect(html).not.toMatch(/<(?:img|link|svg|use|iframe)[^>]+(?:src|href)="https?:/i);
  });

  it.each(fixtures)(
    '$name has one heading, one main part, a title of both, and nothing that takes focus',
    ({ html }) => {
      expect(html.match(/<h1/g)).toHaveLength(1);
      expect(html.match(/<main/g)).toHaveLength(1);
      expect(html).toMatch(/<title>[^<]+ · Northwind MCP<\/title>/);
      expect(textOf(/<title>([\s\S]*?)<\/title>/.exec(html)?.[1] ?? '')).toContain(headingOf(html));
      expect(html).not.toMatch(/autofocus|accesskey/i);
      expect(html.startsWith('<!doctype html><html lang="en" dir="ltr">')).toBe(true);
    },
  );

  it.each(fixtures)('$name has no value left out and no place-holder left in', ({ html }) => {
    expect(html).not.toMatch(/undefined|\[object|NaN|Invalid Date|\{[a-zA-Z]+\}|&lt;b&gt;/);
  });

  it('has no id twice', () => {
    for (const { name, html } of fixtures) {
      const ids = Array.from(html.matchAll(/\sid="([^"]+)"/g), (found) => found[1]);
      expect(new Set(ids).size, name).toBe(ids.length);
    }
  });

  it('says that it is a demo in demo mode', () => {
    for (const { page: render } of fixturesFor({ ...FRAME, demo: true })) {
      expect(documentOf(render(en))).toContain('<aside class="demo"><strong>Demo.</strong>');
    }
  });

  it('uses no protocol words outside Technical details', () => {
    for (const { name, html } of fixtures) {
      const words = textOf(html.replace(/<details class="tech"[\s\S]*?<\/details>/g, ''));
      expect(words, name).not.toMatch(
        /\b(oauth|client|scopes?|tokens?|redirect|uri|grant|authorize|pkce|trusted|safe)\b/i,
      );
    }
  });

  it('keeps its sentences short', () => {
    for (const [key, value] of Object.entries(en.messages)) {
      const sentences = (typeof value === 'string' ? [value] : Object.values(value)).flatMap((one) =>
        one.split(/[.?:] /),
      );
      for (const sentence of sentences) expect(sentence.split(/\s+/).length, key).toBeLessThanOrEqual(24);
    }
  });
});

describe('the consent form', () => {
  it.each(consents)('$name is one POST form whose only hidden input is the ticket', ({ html }) => {
    expect(html.match(/<form[^>]*>/g)).toEqual(['<form method="post" action="/consent/preview">']);
    expect(html.match(/<input type="hidden"[^>]*>/g)).toEqual([
      '<input type="hidden" name="ticket" value="ticket-of-the-preview"/>',
    ]);
  });

  it.each(consents)('$name refuses first: deny is the first button, and no button has an id', ({ name, html }) => {
    const buttons = html.match(/<button[^>]*>/g) ?? [];
    const values = buttons.map((button) => /name="decision" value="(\w+)"/.exec(button)?.[1]);
    expect(values).toEqual(name === 'consent-alarm-blocked' ? ['deny'] : ['deny', 'allow']);
    expect(buttons.join()).not.toMatch(/\sid=/);
    expect(buttons[0]).toContain('formnovalidate');
  });

  it('flips the weight of the buttons in an alarm and asks for a tick', () => {
    expect(page('consent-alarm')).toMatch(/class="button main" type="submit" name="decision" value="deny"/);
    expect(page('consent-alarm')).toMatch(/class="button settle" type="submit" name="decision" value="allow"/);
    expect(page('consent-alarm')).toMatch(
      /<input type="checkbox" name="understood" value="yes" id="understood" required=""/,
    );
    expect(page('consent-site')).toMatch(/class="button main settle" type="submit" name="decision" value="allow"/);
    expect(page('consent-alarm-blocked')).not.toContain('understood');
  });

  it('comes again with a summary that leads to the missing tick', () => {
    const html = page('consent-alarm-missing-tick');
    expect(html).toContain('<title>Error: This may not be the app it says it is · Northwind MCP</title>');
    expect(html).toMatch(/role="alert"[\s\S]*<a href="#understood">/);
    expect(html).toContain('aria-invalid="true" aria-describedby="understood-problem"');
  });

  it('starts every high-impact choice unticked, even if told otherwise, and keeps what was chosen when it comes again', () => {
    const abilities = [
      { ...ABILITIES.purge, ticked: true },
      { ...ABILITIES.write, optional: true, ticked: true },
    ];
    const box = (html: string, scope: string) => new RegExp(`<input[^>]*value="${scope}"[^>]*>`).exec(html)?.[0];
    const first = consent({ abilities });
    expect(box(first, 'tickets:purge')).not.toContain('checked');
    expect(box(first, 'tickets:write')).toContain('checked');
    expect(box(consent({ abilities, problem: 'form_stale' }), 'tickets:purge')).toContain('checked');
  });

  it('never folds away what is weighty', () => {
    const html = outsideDetails(page('consent-many'));
    expect(html).toContain('Delete tickets');
    expect(html).toContain('files.export');
    expect(html).toContain('Change boards');
    expect(page('consent-many')).toContain('Show 6 more');
    expect(outsideDetails(page('consent-returning-loopback'))).toContain('Delete tickets');
  });

  it('shows an undescribed permission raw, as a change', () => {
    const item = /<li>(?:(?!<li>)[\s\S])*files\.export[\s\S]*?<\/li>/.exec(page('consent-undescribed'))?.[0] ?? '';
    expect(item).toContain('Makes changes');
    expect(item).toContain('The server hasn’t described this permission.');
  });

  it('names what the third party will be asked for', () => {
    expect(outsideDetails(page('consent-site'))).toMatch(/On GitHub: <bdi dir="ltr" class="code">repo:read<\/bdi>/);
  });

  it('lists only the added abilities in the open when more is asked', () => {
    const open = outsideDetails(page('consent-new-scopes'));
    expect(open).toContain('Create and edit tickets');
    expect(open).not.toContain('Read tickets');
    expect(page('consent-new-scopes')).toContain('Already allowed (2)');
  });

  it('shows a moved app under the name of the place that was allowed', () => {
    const html = page('consent-changed');
    expect(headingOf(html)).toBe('quill.example has changed since you allowed it');
    expect(textOf(html)).toMatch(
      /Access goes to\s+Before \(Oct 3\)\s*quill\.example\s+Now\s*quill-cdn\.example\.net Changed/,
    );
  });

  it('says what stays open without an account or an ability', () => {
    expect(textOf(page('consent-account-unknown'))).toContain('You choose it on GitHub next');
    expect(textOf(page('consent-nothing-asked'))).toContain('Connect to Northwind Tickets, and nothing more.');
  });
});

describe('what a client chose', () => {
  it('appears as a name only in quotes, and never in heading, title or buttons', () => {
    for (const { name, html } of consents.filter((one) => !/reviewed|forwarded/.test(one.name))) {
      const selfChosen = ['Quill Editor', 'Qui11 Desktop', 'Vendor Notes', 'Quill Pro'].filter((one) =>
        html.includes(one),
      );
      for (const own of selfChosen) {
        expect(html.split(own).length, name).toBe(html.split(new RegExp(`“<bdi>${own}`)).length);
        expect(headingOf(html)).not.toContain(own);
        expect(/<title>[\s\S]*?<\/title>/.exec(html)?.[0]).not.toContain(own);
        expect((html.match(/<button[\s\S]*?<\/button>/g) ?? []).join()).not.toContain(own);
      }
    }
  });

  it('is never a link', () => {
    for (const { name, html } of [...consents, ...fixtures.filter((one) => one.name.startsWith('error-'))]) {
      for (const [, url = ''] of html.matchAll(/href="([^"]*)"/g)) {
        expect(url, name).toMatch(/^(#|\/(assets|help|account|consent)|https:\/\/help\.northwind\.example$)/);
      }
    }
  });

  it('is escaped wherever it stands', () => {
    const evil = '"><img src=x onerror=alert(1)>';
    const html = consent({
      identity: {
        ...identityOf.loopback,
        name: { ...NAMES.quill, name: evil as typeof NAMES.quill.name, initial: '<' },
        publisher: evil,
      },
      accountName: evil,
      resource: { name: evil, host: evil },
      abilities: [
        { ...ABILITIES.read, scope: evil, title: undefined, description: evil, optional: true, upstreamScopes: [evil] },
      ],
      technical: {
        ...MODEL.technical,
        clientId: evil,
        redirectUri: evil,
        clientUri: 'javascript:alert(1)',
        nameCodePoints: evil,
      },
    });
    expect(html).not.toContain('<img');
    expect(html).not.toMatch(/href="javascript/);
    const model: ErrorModel = {
      ...ERROR,
      facts: { subject: evil, decision: 'allow', decidedAt: 1, reason: evil },
      technical: { asked: evil, registered: [evil] },
    };
    expect(documentOf(ErrorPage(model, en))).not.toContain('<img');
  });

  it('shows its address whole: owner’s domain first, then the full host', () => {
    const html = outsideDetails(page('consent-hostile'));
    expect(html).toContain('<bdi dir="ltr" class="code big">evil.example</bdi>');
    expect(html).toContain(
      `Full address: <bdi dir="ltr" class="code">${'a'.repeat(59)}.login-northwind-example-com.login-northwind-example-com.evil.example</bdi>`,
    );
  });

  it('shows the xn-- form of a host as its main text', () => {
    expect(headingOf(page('consent-punycode'))).toBe('Allow xn--quill-7ob.example to use Northwind Tickets?');
    expect(textOf(page('consent-punycode'))).toContain('Displayed as: quilł.example');
  });

  it('warns about programs and links on a device in words', () => {
    expect(textOf(page('consent-loopback'))).toMatch(/127\.0\.0\.1 port 33418\. Any program here could be listening\./);
    expect(textOf(page('consent-scheme'))).toContain('An app that opens quill: links');
    expect(textOf(page('consent-scheme'))).toContain(
      'Whichever app on this device has claimed these links will receive it.',
    );
    expect(textOf(page('hand-off-scheme'))).toContain('Open the app');
  });
});

describe('error and hand-off pages', () => {
  it.each(linkOnly)('$name has no form', ({ html }) => {
    expect(html).not.toMatch(/<form|<button|<input/);
  });

  it.each(linkOnly.filter(({ name }) => name.startsWith('error-')))(
    '$name carries a reference and tells the title that it is an error',
    ({ html }) => {
      expect(html).toContain('req_7Q2MX4');
      expect(html).toContain('<title>Error: ');
    },
  );

  it('say that nothing was shared only when that is known', () => {
    expect(page('error-request-expired')).toContain('Nothing was shared.');
    expect(page('error-internal')).not.toContain('Nothing was shared.');
  });

  it('show where two addresses differ, as text', () => {
    expect(textOf(page('error-redirect-mismatch'))).toContain('differs at character 37');
    expect(page('error-redirect-mismatch')).not.toMatch(/href="https:\/\/quill/);
  });

  it('never claim that the app is connected', () => {
    for (const { name, html } of linkOnly.filter((one) => one.name.startsWith('hand-off'))) {
      expect(textOf(html), name).not.toMatch(/is connected|are connected/);
    }
  });

  it('leave the telling of the app to an explicit click after an alarm', () => {
    expect(textOf(page('hand-off-denied-after-alarm'))).toContain('we haven’t told it anything');
    expect(textOf(page('hand-off-denied-after-alarm'))).toContain('Tell the app anyway');
  });
});

describe('apps with access', () => {
  it('names the app in every Remove, and tells a site apart', () => {
    const labels = Array.from(page('account').matchAll(/aria-label="(Remove[^"]*)"/g), (found) => found[1]);
    expect(labels).toEqual([
      'Remove Quill (quill.example)',
      'Remove “Quill Editor”',
      'Remove this one: “Quill Editor”, allowed Nov 12, 2026, 2:33 PM',
      'Remove this one: “Quill Editor”, allowed Nov 14, 2026, 2:33 PM',
      'Remove “Ledger Agent” (ledger.example)',
    ]);
  });

  it('reports a removal as a status and computes its words', () => {
    expect(textOf(page('account'))).toMatch(
      /Access removed for Inspector\. It can’t get new access without asking you\. Anything it already opened stops working within 10 minutes\./,
    );
    expect(page('account')).toMatch(/role="status" id="notice"/);
    expect(textOf(page('account-empty'))).toContain('They have all stopped working.');
  });

  it('keeps first and removes second, and changes nothing by a link', () => {
    const html = page('account-remove');
    expect(html.indexOf('Keep')).toBeLessThan(html.indexOf('Remove access</button>'));
    expect(html).toMatch(/<form method="post" action="\/account\/remove">/);
    expect(html.match(/<input[^>]*>/g)).toEqual([
      '<input type="hidden" name="ticket" value="ticket-of-the-preview"/>',
      '<input type="hidden" name="ticket" value="ticket-of-the-preview"/>',
    ]);
  });
});

describe('every language', () => {
  it.each(LANGUAGES)('%s renders every page with its own direction', (tag) => {
    const text = textFor(tag);
    for (const { name, page: render } of fixturesFor(FRAME)) {
      const html = documentOf(render(text));
      expect(html, name).toContain(`<html lang="${tag}" dir="${tag === 'ar' ? 'rtl' : 'ltr'}">`);
      expect(html, name).not.toMatch(/undefined|\{[a-zA-Z]+\}|&lt;b&gt;/);
    }
  });
});

const MODEL: ConsentModel = {
  frame: FRAME,
  form: { action: '/consent/1', ticket: 'ticket' },
  screen: 'first_time',
  identity: identityOf.loopback,
  resource: { name: 'Northwind Tickets', host: 'tickets.northwind.example' },
  upstream: { name: 'GitHub' },
  accountName: undefined,
  useAnotherUrl: undefined,
  lifetime: 7_776_000,
  abilities: [],
  alreadyAllowed: [],
  changes: [],
  allowedAt: undefined,
  expiredAt: undefined,
  removedAt: undefined,
  registeredAt: undefined,
  usedHere: undefined,
  lastConfirmedAt: undefined,
  alarmBlocks: false,
  problem: undefined,
  technical: {
    clientId: 'client',
    redirectUri: 'http://127.0.0.1:1/cb',
    resource: 'https://tickets.northwind.example/mcp',
    scopes: [],
    upstreamScopes: [],
    registration: 'registered',
    registeredAt: undefined,
    nameCodePoints: undefined,
    clientUri: undefined,
    policyUri: undefined,
    tosUri: undefined,
    reference: 'req_1',
    expiresAt: FRAME.now + 600,
  },
};
const ERROR: ErrorModel = {
  frame: FRAME,
  code: 'request_decided',
  reference: 'req_1',
  at: FRAME.now,
  nothingShared: false,
  facts: {},
  links: {},
  technical: {},
};

function consent(changes: Partial<ConsentModel>): string {
  return documentOf(ConsentPage({ ...MODEL, ...changes }, en));
}
