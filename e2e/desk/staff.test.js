// Every page of a reviewer at the desk, in both languages: queue, case, review, forms, messages, inquiries, FAQ, figures.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDesk, signIn } from '../lib/desk.js';
import { file, fill } from '../lib/desk-forms.js';
import { asRole, inBoth } from '../lib/staff.js';
import { soundness, suite } from '../lib/suite.js';

const world = suite(import.meta.url);

test('reviewers: queue, case, review, forms, remarks, messages, inquiries, figures', async () => {
  await world.visit({ inspectPages: false }, async (member) => {
    await signIn(member, { email: world.demo.owner.email, password: world.demo.owner.password });
    await openDesk(member, '/inquiries/new');
    await fill(member, { subject: '接続試験の日程について', body: '10月に行えますか。\n見込みを教えてください。', files: [file('日程.pdf')] });
    await member.page.locator('#topic').selectOption({ index: 1 });
    await member.act('ask');
  });
  await asRole(world, 'reviewer', async (v, at) => {
    await openDesk(v, `${at.review}/forms/plan?field=purpose`);
    await fill(v, { text: '対象となる証明書の種類を書いてください。' });
    await v.act('comment');
    await openDesk(v, '/staff/inquiries');
    const inquiry = await v.page.locator('main .en-tasks a[href^="/staff/inquiries/"]:not([href*="status"])').first().getAttribute('href');
    await openDesk(v, '/staff/templates/new');
    for (const version of ['書類の確認が終わりました', '書類の確認を終えました']) {
      await fill(v, { title: '確認の連絡', subject_ja: version, body_ja: '次の段階に進んでください。', subject_en: 'The documents are checked', body_en: 'Please go on with the next step.' });
      await v.act('save');
      await v.led(() => v.page.getByRole('link', { name: '確認の連絡' }).click(), 'the template');
    }
    const template = new URL(v.url()).pathname;
    await openDesk(v, '/staff/faq');
    const faq = await v.page.locator('main a[href$="/history"]').first().getAttribute('href');
    await inBoth(v, [
      ['/staff', { id: 'staff-queue' }],
      ['/staff?phase=development&waiting=desk&sort=age', 'filtered'],
      ['/staff?q=%E3%81%AA%E3%81%84%E3%82%82%E3%81%AE', 'nothing'],
      [at.review, 'review'],
      [at.test, 'connection-test'],
      [at.check, 'production-check'],
      [at.change, 'change'],
      [at.stop, 'planned'],
      [`${at.review}/decide`, 'review'],
      [`${at.change}/decide`, 'change'],
      [`${at.review}/forms/plan`, 'remarked'],
      [`${at.change}/forms/plan`, 'changed'],
      [`${at.check}/forms/sheet-4`, 'promotion'],
      [`${at.review}/message`],
      ['/staff/inquiries'],
      [inquiry],
      ['/staff/services'],
      ['/staff/faq'],
      ['/staff/faq/new', 'new'],
      [faq.replace('/history', '')],
      [faq, 'faq'],
      ['/staff/templates'],
      ['/staff/templates/new', 'new'],
      [template],
      [`${template}/history`, 'template'],
      ['/staff/figures'],
      ['/staff/account'],
    ]);
    // What is wrong is told in place, and what was typed is kept.
    for (const lang of ['ja', 'en']) {
      v.lang = lang;
      await v.led(() => v.page.locator(`.en-languages a[lang="${lang}"]`).click(), lang);
      v.variant = 'mistakes';
      await openDesk(v, '/staff/faq/new');
      await fill(v, { answer_ja: '回答です' });
      await v.act('save');
      assert.equal((await v.where()).status, 422);
      assert.equal(await v.page.inputValue('#answer_ja'), '回答です');
      await openDesk(v, `${at.review}/decide`);
      await fill(v, { verdict: 'refuse' });
      await v.act('review');
      assert.equal((await v.where()).status, 422, 'a refusal needs its reason');
      v.variant = undefined;
      await openDesk(v, '/staff');
    }
  });
});

soundness(world);
