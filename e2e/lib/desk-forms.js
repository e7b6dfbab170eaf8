// Organisations, cases and forms at the desk, as an applicant fills them in.
import assert from 'node:assert/strict';
import { mailTo, openDesk } from './desk.js';

export const ORG = {
  kind: 'private',
  name: '株式会社みほん',
  name_en: 'Mihon Inc.',
  corporate_number: '7000012050002',
  address: '東京都千代田区紀尾井町1-3',
  phone: '03-1234-5678',
};

export const PDF = Buffer.from('%PDF-1.4\n1 0 obj <</Type/Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n');
export const file = (name, buffer = PDF, mimeType = 'application/pdf') => ({ name, mimeType, buffer });

export const PLAN = {
  organisation_kind: 'private_company',
  organisation_name: '株式会社みほん',
  organisation_name_en: 'Mihon Inc.',
  corporate_number: '7000012050002',
  postal_code: '1020094',
  address: '東京都千代田区紀尾井町1-3',
  website: 'https://www.example.co.jp/',
  contact_department: 'サービス企画部 課長',
  contact_name: '山田 太郎',
  contact_kana: 'やまだ たろう',
  contact_email: 'yamada@example.co.jp',
  contact_phone: '03-1234-5678',
  service_name_ja: 'みほん年末調整',
  service_name_en: 'Mihon Year-End Adjustment',
  overview: '従業員が控除証明書を取り込み、年末調整の申告書を作成する。\n対象は全国の従業員。',
  purpose: '控除証明書のデータを申告書に転記するため。',
  service_url: 'https://nencho.example.co.jp/',
  citizens_per_year: '５０，０００',
  peak_per_hour: '3000',
  materials: [file('画面遷移.pdf')],
  apis: ['attribute_linkage', 'notices_documents'],
  delivery_services: 'all',
  document_types: 'TEG800、TEG810',
  retention: '申告書の提出後7年間、国内に保存し、消去する。',
  test_start: '2027-03-01',
  service_start: '2027-06-01',
};

const met = (items, evidence) => ({
  ...Object.fromEntries(items.flatMap((id) => [[id, 'yes'], [`${id}_explanation`, '社内規程に基づいて運用している。']])),
  ...Object.fromEntries(evidence.map((id) => [`${id}_evidence`, [file(`${id}.pdf`)]])),
});
export const ELIGIBILITY = met(['legal_entity', 'service_in_japan', 'no_antisocial', 'no_violation', 'law'], ['legal_entity', 'service_in_japan', 'law']);
const SECURE = ['management', 'incident', 'contractors', 'tls', 'key_protection', 'vulnerability', 'access_log', 'data_location'];
export const SECURITY = met(SECURE, SECURE);
export const A2 = { plan: PLAN, 'check-eligibility': ELIGIBILITY, 'check-security': SECURITY };

/** Types answers into the form that is shown. Dates as `2027-03-01`, choices by value, files as `file()`, `all` ticks every box. */
export async function fill(v, values) {
  const { page } = v;
  for (const [id, value] of Object.entries(values)) {
    const named = page.locator(`main [name="${id}"]`);
    if (Array.isArray(value) && typeof value[0] === 'object') await named.setInputFiles(value);
    else if ((await page.locator(`[id="${id}-month"]`).count()) > 0) {
      const [year, month, day] = value.split('-');
      await named.or(page.locator(`[name="${id}.year"]`)).fill(year);
      await page.fill(`#${id}-month`, month);
      await page.fill(`#${id}-day`, day);
    } else if (value === 'all') for (const box of await named.all()) await box.check({ force: true });
    else if (Array.isArray(value)) for (const box of await named.all()) await box.setChecked(value.includes(await box.getAttribute('value')), { force: true });
    else if (await named.first().evaluate((e) => e.tagName === 'SELECT')) await named.selectOption(value);
    else if (['radio', 'checkbox'].includes(await named.first().getAttribute('type'))) await page.locator(`[name="${id}"][value="${value}"]`).check({ force: true });
    else await named.fill(value);
  }
}

export async function save(v) {
  await v.led(() => v.page.locator('[data-act="save"]').last().click(), 'save');
  await v.expect('desk/form');
}

/** What the page says is wrong. */
export const mistakes = (v) => v.page.locator('.en-error-summary li').allInnerTexts();

/** A new organisation; answers its id. */
export async function newOrg(v, org = ORG) {
  await openDesk(v, '/orgs/new');
  await v.expect('desk/org-edit');
  await fill(v, org);
  await v.act('save');
  await v.expect('desk/org');
  return /\/orgs\/([^/?]+)/.exec(v.url())[1];
}

/** A new application in an organisation, past A-1; answers the case's id. */
export async function begin(v, org, name = 'みほん年末調整') {
  await openDesk(v, `/orgs/${org}/start`);
  await v.expect('desk/start');
  await v.page.fill('#name', name);
  await v.act('start-admission');
  await v.expect('desk/case');
  await v.act('confirm');
  await v.expect('desk/case');
  return /\/cases\/([^/?]+)/.exec(v.url())[1];
}

export const openForm = (v, kase, form) => openDesk(v, `/cases/${kase}/forms/${form}`);

/** Fills each form in, and saves it. */
export async function fillForms(v, kase, forms) {
  for (const [form, values] of Object.entries(forms)) {
    await openForm(v, kase, form);
    await v.expect('desk/form');
    await fill(v, values);
    await save(v);
    assert.deepEqual(await mistakes(v), [], `${form} is right`);
  }
}

/** Checks and submits what the case waits for. */
export async function submit(v, kase) {
  await openDesk(v, `/cases/${kase}/check`);
  await v.expect('desk/check');
  await v.act('submit');
  await v.expect('desk/submitted');
}

/** Invites a colleague, who registers by the invitation in a browser of their own (`other`). */
export async function invite(v, org, other, who, role) {
  await openDesk(v, `/orgs/${org}/members`);
  await v.expect('desk/members');
  await fill(v, { email: who.email, role });
  await v.act('invite');
  await v.expect('desk/members');
  const { links } = await mailTo(v.demo, who.email);
  await other.open(links.find((l) => l.includes('/invitation/')));
  await other.expect('desk/invitation');
  await other.page.fill('#name', who.name);
  await other.page.fill('#password', who.password);
  await other.act('accept-invitation');
}

/** A download: its name and bytes. */
export async function download(v, address) {
  const response = await v.context.request.get(new URL(address, v.demo.desk).href, { headers: { 'accept-language': v.lang } });
  assert.equal(response.status(), 200, `${address}: ${response.status()}`);
  const disposition = response.headers()['content-disposition'] ?? '';
  assert.match(disposition, /^attachment/);
  assert.equal(response.headers()['x-content-type-options'], 'nosniff');
  const name = decodeURIComponent(/filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1] ?? '');
  return { name, bytes: await response.body() };
}

/** A day from today on, as forms take it. */
export const day = (days, demo) => new Date(Date.now() + (demo?.ahead ?? 0) + 9 * 3_600_000 + days * 86_400_000).toISOString().slice(0, 10);

const RESPONSIBLE = {
  responsible_department: 'サービス企画部 課長',
  responsible_name: '山田 太郎',
  responsible_kana: 'ヤマダ タロウ',
  responsible_email: 'yamada@example.co.jp',
};
const SHEET_1 = {
  service_name_ja: 'みほん年末調整',
  service_name_en: 'Mihon Year-End Adjustment',
  provider_name: '株式会社みほん',
  service_url: 'https://nencho.example.co.jp/',
  terms_url: 'https://nencho.example.co.jp/terms',
  privacy_url: 'https://nencho.example.co.jp/privacy',
  purpose_text: '控除証明書を取り込み、年末調整の申告書を作成するため。',
  support_email: 'support@example.co.jp',
  support_phone: '0120-000-000',
};
const CONNECTION = {
  ip_addresses: '203.0.113.10',
  technical_department: '開発部',
  technical_name: '技術 花子',
  technical_email: 'tech@example.co.jp',
  technical_phone: '03-1234-5679',
};
export const REDIRECT_URI = 'https://nencho.example.co.jp/callback';

const APPLICANT = { organisation_name: '株式会社みほん', ...RESPONSIBLE };
const passed = (...items) =>
  Object.fromEntries(items.flatMap((item, i) => [[`results.${i}.item`, item], [`results.${i}.outcome`, 'passed'], [`results.${i}.performed_on`, day(0)]]));

/** What A-12 wants: form 4. */
export const A12 = {
  'form-4': { ...APPLICANT, performed_from: day(0), performed_to: day(0), ...passed('属性連携の完了後に正しく戻る'), evidence: [file('試験の記録.pdf')], open_issues: 'なし' },
};

/** What A-15 wants: form 6, sheet 1 for production, sheet 4. */
export const A15 = ({ tester, redirect, jwks, name = 'みほん年末調整' }) => ({
  'form-6': {
    ...APPLICANT, check_from: day(1), check_to: day(5), 'testers.0.name': tester.name, 'testers.0.email': tester.email,
    check_plan: '1名が属性連携を確認する。', changes_since_test: 'リダイレクトURIと公開鍵を本番用に変更', operation: '平日9時から18時。', declaration: 'all',
  },
  'sheet-1-production': { ...SHEET_1, service_name_ja: name, apis: 'all', delivery_services: 'all', service_start: day(20) },
  'sheet-4': { redirect_uris: redirect, jwks: typeof jwks === 'string' ? jwks : JSON.stringify(jwks), ...CONNECTION, emergency_phone: '090-0000-0000' },
});

/** What A-18 wants: form 10. */
export const A18 = {
  'form-10': {
    ...APPLICANT, performed_from: day(0), performed_to: day(0), ...passed('本人確認から連携まで'), evidence: [file('確認の記録.pdf')], open_issues: 'なし',
    support_ready: 'yes', service_start: day(20),
  },
};

/** What B-1 wants on top of what is filled in already. */
export const FORM_7 = {
  ...APPLICANT, summary: 'サービスの名称の変更', reason: '対象の手続が増えたため。', wished_date: day(20), with_other_apis: 'no', without_tests: 'yes',
  citizen_impact: '画面に表示される名称が変わる。', declaration: 'all',
};

/** A notification of form 8 or 9, planned for a day. */
export const NOTICE = (planned_date, more) => ({ ...APPLICANT, planned_date, reason: '保守のため。', declaration: 'all', ...more });

/** What A-8 wants: form 3, sheet 1, sheet 2. */
export const A8 = (jwks) => ({
  'form-3': { ...APPLICANT, test_from: day(7), test_to: day(40), test_plan: '2名で4週間。', test_cards: '2', declaration: 'all' },
  'sheet-1-test': { ...SHEET_1, apis: ['attribute_linkage', 'notices_documents'], delivery_services: 'all', test_until: day(90) },
  'sheet-2': { redirect_uris: REDIRECT_URI, jwks: JSON.stringify(jwks), ...CONNECTION },
});
