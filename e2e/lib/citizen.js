// What a citizen does on each page by default, and how to get to a page.
import assert from 'node:assert/strict';
import { show } from './visitor.js';

export const PASSWORD = 'demo-password-1';

/** What is typed into a field that has to be filled, by its `autocomplete`, else by its type. */
const VALUES = {
  'family-name': '見本',
  'given-name': '太郎',
  name: '見本 太郎',
  email: (who) => who.email,
  username: (who) => who.email,
  'current-password': (who) => who.password,
  'new-password': (who) => who.password,
};

/** Who goes through the pages. `account`: which mailbox; `signUp`: make a new one. */
export function citizen(demo, id, { pin, email, signUp = false, password } = {}) {
  const person = demo.person(id);
  return {
    id,
    pin: pin ?? person.pin,
    signUp,
    email: email ?? (signUp ? `new-${id}@example.jp` : `${id}@example.jp`),
    password: password ?? (signUp ? 'correct-horse-battery' : PASSWORD),
    name: person.name,
  };
}

/** Fills every required field of the page that is still empty. */
export async function fill(v, who) {
  const fields = v.page.locator('main input:not([type=hidden]):not([type=checkbox]):not([type=radio])');
  for (const field of await fields.all()) {
    const [auto, type, required, value] = await Promise.all([
      field.getAttribute('autocomplete'),
      field.getAttribute('type'),
      field.getAttribute('required'),
      field.inputValue(),
    ]);
    if ((required === null && auto !== 'email') || value) continue;
    const known = VALUES[auto] ?? VALUES[type] ?? (type === 'password' ? VALUES['current-password'] : undefined);
    assert.ok(known !== undefined, `no idea what to type into ${await field.evaluate((e) => e.outerHTML)}`);
    await field.fill(typeof known === 'function' ? known(who) : known);
  }
}

export async function enterPin(v, pin) {
  await v.page.locator('input[name="pin"]').fill(pin);
  await v.act('enter-pin');
}

/** The ordinary step on each page. */
export const STEPS = {
  'sample/start': (v) => v.act('connect'),
  'portal/consent': (v) => v.act('agree'),
  'portal/identify': (v) => v.act('identify'),
  'cards/pick': (v, who) => v.pick('person', who.id),
  'cards/pin': (v, who) => enterPin(v, who.pin),
  'portal/register': async (v, who) => {
    await fill(v, who);
    await v.act('register');
  },
  'portal/link': (v) => v.act('link'),
  'portal/handover': (v) => v.act('next'),
  'portal/between': (v) => v.act('link'),
  ...atDelivery('delivery'),
  ...atDelivery('second_delivery'),
};

function atDelivery(role) {
  return {
    [`${role}/sign-in`]: async (v, who) => {
      if (who.signUp) return v.act('to-sign-up');
      await fill(v, who);
      await v.act('sign-in');
    },
    [`${role}/sign-up`]: async (v, who) => {
      await fill(v, who);
      await v.act('sign-up');
    },
    [`${role}/allow`]: (v) => v.act('allow'),
    [`${role}/linked`]: (v) => v.act('return'),
  };
}

const here = (w) => `${w.role}/${w.id}`;

/** One ordinary step. */
export async function step(v, who) {
  const where = await v.where();
  const how = STEPS[here(where)];
  assert.ok(how, `no ordinary step leads on from ${show(where)}\n  way: ${v.trail.slice(-8).join(' → ')}`);
  await how(v, who);
}

/** Goes on by ordinary steps until `target` is shown. Starts at the sample service when nothing is open. */
export async function go(v, who, target) {
  if (v.url() === 'about:blank') await v.open(v.demo.sample);
  for (let steps = 0; steps < 35; steps += 1) {
    const where = await v.where();
    if (here(where) === target) return where;
    await step(v, who);
  }
  return assert.fail(`${target} was not reached\n  way: ${v.trail.join(' → ')}`);
}

/** The whole run, to the result page ⑦. */
export async function link(v, who) {
  await go(v, who, 'sample/result');
  await v.expect('sample/result', { outcome: 'linked' });
}

/** What ⑦ says about the link, in plain words. */
const WORDS = {
  linked: { ja: '連携が行われました', en: 'A link was made' },
  already_linked: { ja: '連携は以前に行われています', en: 'The link was made before' },
  partly_linked: { ja: '連携は一部だけ行われました', en: 'Only part of the link was made' },
  other: { ja: '連携は行われていません', en: 'No link was made' },
};

/** What the form says when certificates came and their signatures were good. */
export const IMPORTED = { ja: /[1-9]\d*件の証明書を取り込みました/, en: /[1-9]\d* certificates? (was|were) imported|imported [1-9]\d* certificate/i };

/** The page ⑦ with this outcome; it has to say plainly whether a link was made. */
export async function returned(v, outcome) {
  await v.expect('sample/result', { outcome });
  const words = (WORDS[outcome] ?? WORDS.other)[v.lang];
  const text = await v.text();
  assert.ok(text.includes(words), `⑦ has to say 「${words}」 for ${outcome}:\n${text}`);
  if (!WORDS[outcome]) assert.ok(await v.has('manual'), 'the manual way stays open');
}
