// The desk's staff at work: what they press on their pages.
import assert from 'node:assert/strict';
import { openDesk, signInStaff } from './desk.js';
import { fill } from './desk-forms.js';

export const staffCase = (v, kase, more = '') => openDesk(v, `/staff/cases/${kase}${more}`);

/** Opens a case's page; whoever has been away for long proves who they are. */
async function open(v, kase, more) {
  await staffCase(v, kase, more);
  if ((await v.where()).id === 'again') {
    await v.page.fill('#password', v.demo.staff[0].password);
    await v.act('again');
  }
}

/** Presses a button of a case; it has to be taken. */
export async function decided(v, act) {
  await v.act(act);
  const { status, id } = await v.where();
  assert.ok(status === 200 && id === 'staff-case', `${act}: ${status} ${await v.text()}`);
}

/** Reception confirms, or opens the form of a notification. */
export async function confirm(v, kase, { act = 'confirm', text } = {}) {
  await open(v, kase);
  if (text) await fill(v, { text });
  await decided(v, act);
}

/** A reviewer agrees. `look` sees the page before; `values` are filled in. */
export async function agree(v, kase, { values = {}, look } = {}) {
  await open(v, kase, '/decide');
  await v.expect('desk/staff-decide');
  if (look) await look();
  if (await v.page.locator('[name="verdict"][type="radio"]').count()) await fill(v, { verdict: 'agree' });
  await fill(v, { note: '内容を確認しました。', ...values });
  await decided(v, 'review');
}

/** An approver decides as proposed. */
export async function approve(v, kase, { look } = {}) {
  await open(v, kase, '/decide');
  await v.expect('desk/staff-decide');
  if (look) await look();
  await decided(v, 'approve');
}

/** 差し戻し with its reason. */
export async function giveBack(v, kase, reason) {
  await open(v, kase, '/decide');
  await v.page.locator('details:has([data-act="return"]) summary').click();
  await fill(v, { reason });
  await decided(v, 'return');
}

/** Signs several members in, each in a browser that stays: `{ reception, reviewer, … }`. */
export async function crew(world, hows) {
  const out = {};
  for (const [role, how] of Object.entries(hows)) {
    out[role] = await world.stay(how);
    await signInStaff(out[role], role);
  }
  return out;
}

// ---- looking at every page

/** The sample organisations of the demo, by the service's name. */
const CASES = { review: '保険の見直し', test: '給与計算クラウド', check: '確定申告ソフト', change: '年末調整', stop: '年金の相談' };

let found;
/** Waits until the demo's sample organisations are all there; answers their cases' addresses. */
export function cases(v) {
  found ??= (async () => {
    for (let tries = 0; tries < 600; tries += 1) {
      await v.page.goto(new URL('/staff?closed=1', v.demo.desk).href);
      const rows = await v.page.locator('main tbody tr').evaluateAll((all) => all.map((r) => ({ text: r.innerText, href: r.querySelector('a').getAttribute('href') })));
      const of = (service, more = '') => rows.find((r) => r.text.includes(service) && r.text.includes(more))?.href;
      const all = { review: of(CASES.review), test: of(CASES.test), check: of(CASES.check), change: of(CASES.change, '変更'), stop: of(CASES.stop, '停止') };
      const stopped = rows.find((r) => r.href === all.stop);
      if (Object.values(all).every(Boolean) && /C-5/.test(stopped.text) && rows.some((r) => r.href === all.change && /B-2/.test(r.text))) return all;
      await new Promise((done) => setTimeout(done, 500));
    }
    return assert.fail('the sample organisations are not complete');
  })();
  return found;
}

/** The same pages once more in the other language, by the link at the top. */
export async function inBoth(v, pages) {
  for (const lang of ['ja', 'en']) {
    if (v.lang !== lang) {
      v.lang = lang;
      await v.led(() => v.page.locator(`.en-languages a[lang="${lang}"]`).click(), lang);
    }
    for (const [path, more] of pages) {
      const { variant, id, then } = typeof more === 'string' ? { variant: more } : (more ?? {});
      v.variant = variant;
      await openDesk(v, path);
      const where = await v.where();
      assert.equal(where.status, 200, `${path} as ${v.role}`);
      if (id) assert.equal(where.id, id, path);
      if (then) await then();
    }
    v.variant = undefined;
  }
}

/** A member of staff with this role at the desk, once the sample organisations are there. */
export const asRole = (world, role, what) =>
  world.visit({ width: 1280, patience: 600_000 }, async (v) => {
    await signInStaff(v, role);
    v.role = role;
    await what(v, await cases(v));
  });
