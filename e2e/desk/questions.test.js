// FAQ, the helper for keys, and inquiries with files: what an applicant can ask at any time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrive, openDesk, person } from '../lib/desk.js';
import { begin, download, file, fill, mistakes, newOrg } from '../lib/desk-forms.js';
import { soundness, suite } from '../lib/suite.js';

const world = suite(import.meta.url);

for (const lang of ['ja', 'en']) {
  test(`questions and answers are searched without an account (${lang})`, () =>
    world.visit({ lang, width: lang === 'ja' ? 1280 : 390 }, async (v) => {
      await openDesk(v, '/faq');
      await v.expect('desk/faq');
      const all = await v.page.locator('details').count();
      assert.ok(all >= 5, `${all} entries`);
      v.variant = 'found';
      await v.page.fill('#q', lang === 'ja' ? '鍵' : 'key');
      await v.act('search');
      const found = await v.page.locator('details').count();
      assert.ok(found > 0 && found < all, `${found} of ${all}`);
      v.variant = 'nothing';
      await v.page.fill('#q', '<script>alert(1)</script>');
      await v.act('search');
      v.variant = undefined;
      assert.equal(await v.page.locator('details').count(), 0);
      assert.equal(await v.page.inputValue('#q'), '<script>alert(1)</script>');
      await openDesk(v, '/help/keys');
      await v.expect('desk/help-keys');
      assert.match(await v.text(), /openssl/);
    }));

  test(`an inquiry with a file, about a case and without (${lang})`, () =>
    world.visit({ lang, width: lang === 'ja' ? 390 : 1280 }, async (v) => {
      await arrive(v, person(`asking-${lang}`, '問合 一子'));
      const org = await newOrg(v);
      const kase = await begin(v, org);
      await openDesk(v, '/inquiries');
      await v.expect('desk/inquiries');
      await v.act('ask');
      await v.expect('desk/inquiry-new');
      v.variant = 'mistakes';
      await v.act('ask');
      v.variant = undefined;
      assert.ok((await mistakes(v)).length >= 2);
      await openDesk(v, `/inquiries/new?case=${kase}`);
      v.variant = 'of-case';
      await v.reload();
      v.variant = undefined;
      await fill(v, { subject: '別紙について <b>', body: '一行目\n二行目 https://example.jp/', files: [file('別紙.pdf')] });
      await v.page.locator('#topic').selectOption({ index: 1 });
      await v.act('ask');
      await v.expect('desk/inquiry');
      assert.match(await v.h1(), /別紙について <b>/);
      const files = await v.page.locator('main a[href*="/files/"]').getAttribute('href');
      assert.equal((await download(v, files)).name, '別紙.pdf');
      const address = new URL(v.url()).pathname;
      await fill(v, { body: '追加です' });
      await v.act('reply');
      await v.expect('desk/inquiry');
      assert.match(await v.text(), /追加です/);
      v.variant = 'closed';
      await v.act('close');
      await v.expect('desk/inquiry');
      v.variant = 'some';
      await openDesk(v, '/inquiries');
      v.variant = undefined;
      assert.match(await v.text(), /別紙について/);
      // Nobody else sees it.
      await world.visit({ inspectPages: false }, async (other) => {
        await arrive(other, person(`not-asked-${lang}`, '他人 二子'));
        for (const path of [address, files]) {
          await openDesk(other, path);
          assert.equal((await other.where()).status, 404);
        }
      });
    }));
}

soundness(world);
