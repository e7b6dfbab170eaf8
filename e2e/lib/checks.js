// What every page has to stand: axe, valid HTML, no sideways scroll, in both widths (and with --full more).
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { HtmlValidate } from 'html-validate';
import { ARTIFACTS } from './demo.js';

export const FULL = process.env.ENISHI_E2E_FULL === '1';
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

const htmlValidate = new HtmlValidate({
  extends: ['html-validate:recommended', 'html-validate:document', 'html-validate:a11y'],
  rules: {
    'require-sri': 'off', // everything comes from the page's own origin
    'heading-level': ['error', { minInitialRank: 'h2' }], // the error summary stands before the h1
    'no-inline-style': 'error',
    'valid-id': ['error', { relaxed: true }], // cells of a table are named `results.0.item`
    'form-dup-name': ['error', { shared: ['radio', 'checkbox', 'button', 'submit'] }], // boxes of one question share its name
    'no-trailing-whitespace': 'off',
    'long-title': 'off', // H1｜step｜service, as facts/screens.md 2.1 wants it
    'wcag/h32': 'off', // forms whose one control is the button hold it; checked by axe
  },
});

/** Ways of looking at one page. */
const views = [
  { name: '390', width: 390 },
  { name: '1280', width: 1280 },
  ...(FULL
    ? [
        { name: '320', width: 320 },
        { name: '390-dark', width: 390, media: { colorScheme: 'dark' } },
        { name: '1280-dark', width: 1280, media: { colorScheme: 'dark' } },
        { name: '390-forced', width: 390, media: { forcedColors: 'active' } },
        { name: '390-forced-dark', width: 390, media: { forcedColors: 'active', colorScheme: 'dark' } },
        { name: '320-spacing', width: 320, spacing: true },
      ]
    : []),
];

// WCAG 1.4.12; a constructed sheet is not style-src's business.
const SPACING = '* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-bottom: 2em !important }';

/** Looks at the page in every way; returns what is wrong as lines of text. */
export async function inspect(page, { name, html, js = true }) {
  const findings = [];
  const before = page.viewportSize();
  mkdirSync(ARTIFACTS, { recursive: true });
  for (const view of views) {
    await page.setViewportSize({ width: view.width, height: view.width < 1000 ? 844 : 900 });
    if (view.media) await page.emulateMedia(view.media);
    if (view.spacing) {
      await page.evaluate((css) => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(css);
        document.adoptedStyleSheets = [sheet];
      }, SPACING);
    }
    const at = `${name} at ${view.name}`;
    const wide = await page.evaluate(() => {
      const limit = window.innerWidth;
      if (document.documentElement.scrollWidth <= limit) return null;
      const out = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > limit + 1);
      return { scroll: document.documentElement.scrollWidth, limit, first: out.slice(0, 3).map((e) => e.outerHTML.slice(0, 120)) };
    });
    if (wide) findings.push(`${at}: scrolls sideways (${wide.scroll} > ${wide.limit}): ${wide.first.join(' | ')}`);
    // axe waits for timers, which do not run where scripts are off; it sees the same page with them on.
    const violations = js ? await axe(page, view.media?.forcedColors === 'active') : [];
    for (const v of violations) findings.push(`${at}: axe ${v.id} (${v.impact}): ${v.help}: ${v.nodes.join(' | ')}`);
    await page.screenshot({ path: join(ARTIFACTS, `${name}-${view.name}.png`), fullPage: true });
    if (view.spacing) await page.evaluate(() => (document.adoptedStyleSheets = []));
    if (view.media) await page.emulateMedia({ colorScheme: 'light', forcedColors: 'none' });
  }
  await page.setViewportSize(before);
  if (html) {
    const report = await htmlValidate.validateString(html, `${name}.html`);
    for (const result of report.results) {
      for (const m of result.messages) findings.push(`${name}: HTML ${m.ruleId} at ${m.line}:${m.column}: ${m.message}`);
    }
  }
  return findings;
}

async function axe(page, forced) {
  // Trusted Types block a script tag; evaluating the source is not a page script.
  await page.evaluate(axeSource);
  // With forced colours the browser chooses them; axe reads a computed text-fill colour that is not painted.
  const ruled = forced ? { 'color-contrast': { enabled: false } } : {};
  return page.evaluate(async ([tags, rules]) => {
    const result = await window.axe.run(document, { runOnly: tags, rules, resultTypes: ['violations'] });
    return result.violations.map((v) => ({ id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 4).map((n) => n.html.slice(0, 160)) }));
  }, [RULES, ruled]);
}
