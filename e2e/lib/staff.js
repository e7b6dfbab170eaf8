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
