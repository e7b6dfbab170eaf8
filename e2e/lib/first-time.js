// ① → ⑦ for a first-timer in both languages and both widths, by sign-in and by sign-up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { citizen, go, IMPORTED, step } from './citizen.js';
import { soundness, suite } from './suite.js';
import { show } from './visitor.js';

const H1 = {
  'sample/start': '控除証明書をデータで取り込む',
  'portal/consent': '利用者の同意',
  'portal/identify': 'マイナンバーカードで本人確認',
  'cards/pin': '暗証番号の入力',
  'portal/link': 'サービス連携',
};

const BUTTON = {
  'sample/start': ['connect', 'もっとつながる（外部サイト連携）'],
  'portal/consent': ['agree', '上記に同意する'],
  'portal/identify': ['identify', '本人確認をする'],
  'portal/handover': ['next', '次へ'],
  'delivery/linked': ['return', '属性連携設定サービスへ戻る'],
};

const runs = [
  { id: 'hanako', lang: 'ja', width: 390, signUp: false },
  { id: 'katsuragi', lang: 'ja', width: 1280, signUp: true },
  { id: 'emma', lang: 'en', width: 390, signUp: true },
  { id: 'sora', lang: 'en', width: 1280, signUp: false },
];

/** The tests of one file; `js`: with JavaScript or without. */
export function firstTime(url, js) {
  const world = suite(url);
  for (const { id, lang, width, signUp } of runs) wholeRun(world, id, { lang, width, js }, signUp);
  permission(world, js);
  soundness(world);
}

function wholeRun(world, id, how, signUp) {
  test(`${id}: ${how.lang}, ${how.width} px, ${how.js ? 'with' : 'without'} JavaScript, ${signUp ? 'sign-up' : 'sign-in'}`, () =>
    world.visit(how, async (v) => {
      const who = citizen(world.demo, id, { signUp });
      const passed = [];
      await v.open(world.demo.sample);
      for (let steps = 0; ; steps += 1) {
        const where = await v.where();
        const name = `${where.role}/${where.id}`;
        passed.push(name);
        if (name === 'sample/result') break;
        assert.ok(steps < 20, `too many steps: ${passed.join(' → ')}`);
        if (how.lang === 'ja') {
          if (H1[name]) assert.equal(await v.h1(), H1[name], `H1 of ${show(where)}`);
          const [act, label] = BUTTON[name] ?? [];
          if (act) assert.equal((await v.page.locator(`[data-act="${act}"]`).innerText()).trim(), label, `button of ${show(where)}`);
        }
        await step(v, who);
      }
      assert.deepEqual(passed, [
        'sample/start',
        'portal/consent',
        'portal/identify',
        'cards/pick',
        'cards/pin',
        'portal/register',
        'portal/link',
        'portal/handover',
        'delivery/sign-in',
        ...(signUp ? ['delivery/sign-up'] : []),
        'delivery/allow',
        'delivery/linked',
        'sample/result',
      ]);
      await v.expect('sample/result', { outcome: 'linked' });
      if (how.lang === 'ja') assert.match(await v.h1(), /連携が完了しました/);
      const url = new URL(v.url());
      assert.equal(url.searchParams.get('code'), null, 'no code stays in the address bar');

      await v.act('import');
      await v.expect('sample/form');
      const text = await v.text();
      if (signUp) {
        assert.match(text, how.lang === 'ja' ? /取り込める証明書は、まだありません/ : /There are no certificates to import yet/, 'an empty mailbox is said to be empty');
      } else {
        assert.match(text, how.lang === 'ja' ? IMPORTED.ja : IMPORTED.en, 'the figures of the certificates stand in the form');
      }
    }));
}

function permission(world, js) {
  test('the permission page shows both accounts, masked', () =>
    world.visit({ js }, async (v) => {
      const who = citizen(world.demo, 'ichiro');
      await go(v, who, 'delivery/allow');
      const text = await v.text();
      assert.ok(!text.includes(who.email), 'the mailbox account is masked');
      assert.match(text, /@example\.jp|\*|＊|●|…/, 'the mailbox account is shown, masked');
      assert.ok(!text.includes(who.name), 'the portal account is masked');
      await v.act('deny');
    }));
}
