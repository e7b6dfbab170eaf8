// A person at a browser. Looks at every page once per language, and keeps what is wrong with it.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { inspect } from './checks.js';

const PATIENCE = 30_000;
const executablePath = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

let browser;
async function theBrowser() {
  // --no-sandbox: the tests often run as root in a container; every page they open is ours.
  browser ??= await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--font-render-hinting=none'],
  });
  return browser;
}

export async function closeBrowser() {
  await browser?.close();
  browser = undefined;
}

/** What was found on pages of this test file, and which were looked at. */
export const findings = [];
export const seen = new Set();
/** Values that went through the address bar and belong in no log. */
export const secrets = new Set();
const SECRET = ['code', 'handle', 'state', 'request_uri', 'nonce', 'session'];
/** Links of e-mails: who holds one acts with it. */
const SECRET_PATH = /\/(?:register|reset|email|invitation|verification)\/([\w-]{20,})/;

const CONTEXT = { ja: { locale: 'ja-JP' }, en: { locale: 'en-US' } };

/** Opens a browser of its own for one person. */
export async function visitor(demo, { lang = 'ja', width = 390, js = true, inspectPages = true } = {}) {
  const context = await (await theBrowser()).newContext({
    ...CONTEXT[lang],
    viewport: { width, height: width < 1000 ? 844 : 900 },
    timezoneId: 'Asia/Tokyo',
    reducedMotion: 'reduce',
    javaScriptEnabled: js,
    ignoreHTTPSErrors: true, // the throw-away authority of lib/tls.js
  });
  context.setDefaultTimeout(PATIENCE);
  return new Visitor(demo, context, await context.newPage(), { lang, width, js, inspectPages });
}

export class Visitor {
  constructor(demo, context, page, options) {
    Object.assign(this, { demo, context, page, options, lang: options.lang, documents: [], noise: [], trail: [] });
    page.on('response', (response) => {
      const request = response.request();
      if (request.isNavigationRequest() && request.frame() === page.mainFrame()) {
        const { searchParams } = new URL(response.url());
        for (const name of SECRET) if (searchParams.get(name)?.length > 15) secrets.add(searchParams.get(name));
        const link = SECRET_PATH.exec(response.url());
        if (link) secrets.add(link[1]);
        this.documents.push({ url: response.url(), status: response.status(), response });
        if (response.status() >= 500) this.noise.push(`${request.method()} ${response.url()} answered ${response.status()}`);
      } else if (response.status() >= 400) {
        this.noise.push(`${response.url()} answered ${response.status()}`);
      }
    });
    page.on('request', (request) => {
      if (/^https?:/.test(request.url()) && !demo.role(request.url())) this.noise.push(`leaves the demo: ${request.url()}`);
    });
    page.on('console', (message) => {
      // Chromium reports a 4xx page as an error of its own; the tests look at the page itself.
      if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) this.noise.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.noise.push(`script: ${error.message}`));
  }

  /** A second tab of the same browser. */
  async tab() {
    return new Visitor(this.demo, this.context, await this.context.newPage(), this.options);
  }

  close() {
    for (const line of this.noise) findings.push(`${line} (after ${this.trail.slice(-3).join(' → ')})`);
    this.noise.length = 0;
    return this.context.close();
  }

  url() {
    return this.page.url();
  }

  main() {
    return this.page.locator('main#main');
  }

  /** `data-page`, `data-error`, `data-outcome` of the page that is shown. */
  async where() {
    const main = this.main();
    if ((await main.count()) === 0) return { url: this.url() };
    const [id, error, outcome] = await Promise.all(['data-page', 'data-error', 'data-outcome'].map((a) => main.getAttribute(a)));
    return { role: this.demo.role(this.url()), id, error, outcome, url: this.url(), status: this.documents.at(-1)?.status };
  }

  async open(url) {
    await this.page.goto(url);
    return this.arrived();
  }

  async reload() {
    await this.page.reload();
    return this.arrived();
  }

  async back() {
    await this.page.goBack();
    return this.arrived();
  }

  /** Presses what carries `data-act`, and waits for the page it leads to. */
  async act(name, { within } = {}) {
    const target = (within ? this.page.locator(within) : this.page).locator(`[data-act="${name}"]`).first();
    await this.led(() => target.click(), `act '${name}'`);
  }

  /** Chooses a test person or a fault on the card stand-in. */
  async pick(kind, value) {
    await this.led(() => this.page.locator(`button[name="${kind}"][value="${value}"]`).click(), `pick ${kind} '${value}'`);
  }

  /** Does something that leads to another document. */
  async led(what, label) {
    const main = this.page.mainFrame();
    const from = await this.where();
    const arrived = this.page.waitForEvent('framenavigated', { predicate: (f) => f === main });
    arrived.catch(() => {});
    try {
      await what();
      await arrived;
    } catch (error) {
      const console_ = this.noise.slice(-3).join('; ');
      throw new Error(`${label} on ${show(from)} led nowhere (${this.url()}): ${String(error.message).split('\n')[0]} ${console_}`, { cause: error });
    }
    await this.arrived();
  }

  async arrived() {
    await this.page.waitForLoadState('load');
    const where = await this.where();
    this.trail.push(show(where));
    if (!where.id || !this.options.inspectPages) return where;
    // One template, many forms: each is looked at. `variant`: a state of a page that a test wants looked at on its own.
      const form = /\/forms\/([\w-]+)/.exec(where.url)?.[1];
      const name = [where.role, where.id, form, this.variant, where.error, where.outcome, this.lang, !this.options.js && 'nojs'].filter(Boolean).join('-');
    if (!seen.has(name)) {
      seen.add(name);
      const last = this.documents.at(-1);
      const html = await last?.response.text().catch((error) => findings.push(`${name}: the source can't be read: ${error.message}`) && undefined);
      findings.push(...headersOf(name, last), ...(await inspect(this.page, { name, html, js: this.options.js })));
      const lang = await this.page.locator('html').getAttribute('lang');
      if (lang !== this.lang) findings.push(`${name}: the page is in '${lang}', the reader wants '${this.lang}'`);
    }
    return where;
  }

  /** Asserts which page is shown: `'portal/consent'`, with error or outcome where given. */
  async expect(page, { error, outcome } = {}) {
    const where = await this.where();
    const trail = `\n  way: ${this.trail.slice(-6).join(' → ')}`;
    const text = () => this.main().innerText().catch(() => this.page.locator('body').innerText().catch(() => ''));
    if (`${where.role}/${where.id}` !== page) assert.fail(`expected ${page}, but this is ${show(where)}${trail}\n  text: ${(await text()).slice(0, 400)}`);
    if (error !== undefined) assert.equal(where.error, error, `data-error of ${page}${trail}`);
    if (outcome !== undefined) assert.equal(where.outcome, outcome, `data-outcome of ${page}${trail}`);
    return where;
  }

  text() {
    return this.main().innerText();
  }

  h1() {
    return this.page.locator('h1').innerText();
  }

  async has(act) {
    return (await this.page.locator(`[data-act="${act}"]`).count()) > 0;
  }
}

export const show = (w) => (w.id ? `${w.role}/${w.id}${w.error ? `[${w.error}]` : ''}${w.outcome ? `[${w.outcome}]` : ''}` : w.url);

/** The headers of facts/screens.md 5.2. */
function headersOf(name, document) {
  if (!document) return [];
  const h = document.response.headers();
  const csp = h['content-security-policy'] ?? '';
  const wanted = {
    "default-src 'none'": csp.includes("default-src 'none'"),
    'frame-ancestors none': csp.includes("frame-ancestors 'none'"),
    'no unsafe sources': !/unsafe-(inline|eval)/.test(csp),
    'trusted types': csp.includes("require-trusted-types-for 'script'"),
    nosniff: h['x-content-type-options'] === 'nosniff',
    'Referrer-Policy': ['same-origin', 'no-referrer'].includes(h['referrer-policy']),
    // The public status page says nothing of who looks; a browser may keep it for a moment.
    'no-store': /no-store/.test(h['cache-control'] ?? '') || new URL(document.response.url()).pathname === '/status',
  };
  return Object.entries(wanted)
    .filter(([, ok]) => !ok)
    .map(([what]) => `${name}: header missing or wrong: ${what}`);
}
